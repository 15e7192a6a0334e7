import { allowedCounts } from '../divisors.ts';
import type { ScalingPolicy } from '../policy.ts';

/**
 * What the instances behind a policy tell Prometheus (functions/hosts/container/exposition.ts). `scope` is the matcher
 * that leaves out those of other namespaces: one Prometheus sees the group of each stage.
 */
export function lagExpression({ name }: ScalingPolicy, scope: string): string {
  return `sum(hft_lag_records{function="${name}",${scope}})`;
}

/**
 * Records that are handled in a second. A group that cannot keep up handles as many as it can, which at the planned
 * utilisation already asks for more instances.
 */
export function rateExpression({ name }: ScalingPolicy, scope: string): string {
  return `sum(rate(hft_records_in_total{function="${name}",${scope}}[1m]))`;
}

/**
 * How many instances an expression asks for at so much an instance, as a query whose result is always one of the
 * policy's counts: the minimum, and for each larger count the step to it once the one before is not enough. KEDA and an
 * HPA round up to whole instances only, and 7 would leave some of 60 partitions' owners with 8 and others with 9.
 */
export function snappedQuery(policy: ScalingPolicy, expression: string, perInstance: number): string {
  const counts = allowedCounts(policy);
  const steps = counts.slice(1).map((count, index) => {
    const before = counts[index] as number;
    return `${count - before} * (${expression} > bool ${before * perInstance})`;
  });
  return [String(counts[0]), ...steps].join(' + ');
}
