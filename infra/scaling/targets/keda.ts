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

function rateTrigger(policy: ScalingPolicy, { prometheusAddress }: KubernetesNames) {
  return {
    type: 'prometheus',
    name: 'rate',
    metadata: {
      serverAddress: prometheusAddress,
      query: snappedQuery(policy, rateExpression(policy), rateThreshold(policy)),
      threshold: '1',
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
