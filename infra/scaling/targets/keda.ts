import type { ScalingPolicy } from '../policy.ts';
import { hpaBehaviour } from './behaviour.ts';
import { cronWindows } from './cron.ts';
import { lagThreshold, mostInstances, rateThreshold } from './lag-threshold.ts';
import { rateExpression, snappedQuery } from './prometheus.ts';

/** What is not the policy's, but the cluster's. */
export interface KubernetesNames {
  /** The Deployment that is scaled. */
  readonly deployment: string;
  /** Where Prometheus answers queries. */
  readonly prometheusAddress: string;
  /** The namespace of the instances, by which Prometheus tells them from those of another stage. */
  readonly namespace: string;
}

/** A KEDA ScaledObject (keda.sh/v1alpha1, KEDA 2.16 or later). Its HPA takes the largest that any trigger asks for. */
export function scaledObject(policy: ScalingPolicy, names: KubernetesNames) {
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name: policy.name },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: names.deployment },
      minReplicaCount: policy.minimum,
      maxReplicaCount: mostInstances(policy),
      pollingInterval: 15,
      advanced: { horizontalPodAutoscalerConfig: { behavior: hpaBehaviour(policy) } },
      triggers: [kafkaTrigger(policy), rateTrigger(policy, names), ...cronTriggers(policy)],
    },
  };
}

function kafkaTrigger(policy: ScalingPolicy) {
  return {
    type: 'kafka',
    name: 'lag',
    metadata: {
      // That of the Deployment's own container: an overlay names the brokers once.
      bootstrapServersFromEnv: 'KAFKA_BOOTSTRAP_SERVERS',
      consumerGroup: policy.group,
      topic: policy.topic,
      lagThreshold: String(lagThreshold(policy)),
      // Only counts with a minimum of 0. Then the first instance waits for more than the target.
      activationLagThreshold: String(policy.targetLagPerPartition * policy.partitions),
      // A group without offsets reads from the beginning.
      offsetResetPolicy: 'earliest',
      allowIdleConsumers: 'false',
      // Snaps to divisors of the partitions; it excludes limitToPartitionsWithLag, which would not.
      ensureEvenDistributionOfPartitions: 'true',
      // Brokers of Kafka 4 refuse the requests of the default, 1.0.0.
      version: '2.4.0',
    },
  };
}

/** What an overlay changes of the object for a namespace of its own: a patch as of RFC 6902. */
export function rateQueryPatch(policy: ScalingPolicy, names: KubernetesNames) {
  const { triggers } = scaledObject(policy, names).spec;
  const index = triggers.findIndex(({ name }) => name === 'rate');
  return [{ op: 'add', path: `/spec/triggers/${index}/metadata/query`, value: rateQuery(policy, names) }];
}

function rateQuery(policy: ScalingPolicy, { namespace }: KubernetesNames): string {
  return snappedQuery(policy, rateExpression(policy, `namespace="${namespace}"`), rateThreshold(policy));
}

function rateTrigger(policy: ScalingPolicy, names: KubernetesNames) {
  return {
    type: 'prometheus',
    name: 'rate',
    metadata: {
      serverAddress: names.prometheusAddress,
      query: rateQuery(policy, names),
      threshold: '1',
      // An empty answer (nothing is scraped) is no rate of 0, which would scale down: it is an error, which does not.
      ignoreNullValues: 'false',
    },
  };
}

function cronTriggers({ calendar }: ScalingPolicy) {
  if (calendar === null) return [];
  return cronWindows(calendar).map(({ name, start, end, instances }) => ({
    type: 'cron',
    name: name.replaceAll(/[^a-z0-9]+/gi, '-'),
    metadata: { timezone: calendar.zone, start, end, desiredReplicas: String(instances) },
  }));
}
