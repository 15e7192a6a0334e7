import type { Books } from '../start/books.ts';
import type { ScalingReport } from '../start/scaling-log.ts';
import type { Costs } from './costs.ts';
import type { Trace } from './trace.ts';

/**
 * What arrived in a run of the local autoscaler, second by second, from its first look on: the rate that the look after
 * the middle of the second saw. A rate that changed between two looks was one number to the autoscaler as well.
 */
export function traceOfRun({ looks, policy }: ScalingReport, startMs: number): Trace {
  const firstMs = looks[0]?.atMs ?? 0;
  const seconds = Math.floor(((looks.at(-1)?.atMs ?? 0) - firstMs) / 1_000);
  const rates = Float64Array.from({ length: seconds }, (_, second) => {
    const index = looks.findIndex(({ atMs }) => atMs > firstMs + (second + 0.5) * 1_000);
    const [before, after] = [looks[index - 1], looks[index]];
    if (before === undefined || after === undefined) return 0;
    return ((after.arrived - before.arrived) * 1_000) / (after.atMs - before.atMs);
  });
  return { name: `run of policy ${policy}`, startMs, rates };
}

/**
 * What things cost in that very run. An instance's rate is what the group finished while it had a backlog, an instance
 * that was there and was not stopped by a rebalance; without such a time, `otherwise`.
 */
export function costsOfRun(
  { perInstance, rebalanceMs }: Pick<Books, 'perInstance' | 'rebalanceMs'>,
  report: ScalingReport,
  otherwise: Costs,
): Costs {
  const rebalanceSeconds = middleSeconds(rebalanceMs) ?? otherwise.rebalanceSeconds;
  return {
    ...otherwise,
    rebalanceSeconds,
    recordsPerSecondPerInstance: fullRate(report, rebalanceSeconds) ?? otherwise.recordsPerSecondPerInstance,
    startUpSeconds: middleSeconds(perInstance.map(({ joinedAfterMs }) => joinedAfterMs)) ?? otherwise.startUpSeconds,
    leaveSeconds: middleSeconds(perInstance.map(({ leftAfterMs }) => leftAfterMs)) ?? otherwise.leaveSeconds,
  };
}

function fullRate({ looks, scalings }: ScalingReport, rebalanceSeconds: number): number | undefined {
  let records = 0;
  let instanceSeconds = 0;
  for (const [index, look] of looks.entries()) {
    const before = looks[index - 1];
    if (before === undefined || before.backlog === 0 || look.backlog === 0) continue;
    records += look.arrived - look.lag - (before.arrived - before.lag);
    instanceSeconds += ((look.atMs - before.atMs) / 1_000) * ((look.active + before.active) / 2);
  }
  // Up is where a backlog is: the rebalance of a scale-down stops nobody who is needed.
  for (const { from, to } of scalings) if (to > from) instanceSeconds -= rebalanceSeconds * from;
  return instanceSeconds > 0 && records > 0 ? records / instanceSeconds : undefined;
}

function middleSeconds(ms: readonly (number | null)[]): number | undefined {
  const sorted = ms.filter((one) => one !== null).toSorted((left, right) => left - right);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  return middle === undefined ? undefined : middle / 1_000;
}
