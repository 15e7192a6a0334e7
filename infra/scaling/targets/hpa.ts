import type { ScalingPolicy } from '../policy.ts';
import { hpaBehaviour } from './behaviour.ts';
import type { KubernetesNames } from './keda.ts';
import { lagThreshold, mostInstances, rateThreshold } from './lag-threshold.ts';
import { lagExpression, rateExpression, snappedQuery } from './prometheus.ts';

/**
 * A HorizontalPodAutoscaler (autoscaling/v2) on the external metrics of `externalRules`, for clusters without KEDA. It
 * knows no calendar.
 */
export function horizontalPodAutoscaler(policy: ScalingPolicy, names: KubernetesNames) {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: policy.name },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: names.deployment },
      minReplicas: policy.minimum,
      maxReplicas: mostInstances(policy),
      behavior: hpaBehaviour(policy),
      metrics: metricNames(policy).map((name) => ({
        type: 'External',
        external: { metric: { name }, target: { type: 'AverageValue', averageValue: '1' } },
      })),
    },
  };
}

const scope = '<<.LabelMatchers>>';

/**
 * The rules that prometheus-adapter needs for these metrics (`rules.external` of its Helm chart). Each gives a count of
 * instances, already one of the policy's, so that the HPA has nothing left to round. The adapter puts the namespace of
 * the HPA that asks in place of `scope`.
 */
export function externalRules(policies: readonly ScalingPolicy[]) {
  return { rules: { external: policies.flatMap(rulesOf) } };
}

function rulesOf(policy: ScalingPolicy) {
  const [lag, rate] = metricNames(policy);
  const rule = (name: string | undefined, series: string, query: string) => ({
    seriesQuery: `${series}{function="${policy.name}"}`,
    resources: { overrides: { namespace: { resource: 'namespace' } } },
    name: { as: name },
    metricsQuery: query,
  });
  return [
    rule(lag, 'hft_lag_records', snappedQuery(policy, lagExpression(policy, scope), lagThreshold(policy))),
    rule(rate, 'hft_records_in_total', snappedQuery(policy, rateExpression(policy, scope), rateThreshold(policy))),
  ];
}

function metricNames({ name }: ScalingPolicy): string[] {
  return [`hft_${name}_instances_for_lag`, `hft_${name}_instances_for_rate`];
}
