import { expect, test } from 'vitest';
import { measuredCosts } from '../../../scripts/simulate/costs.ts';
import { costsOfRun, traceOfRun } from '../../../scripts/simulate/from-run.ts';
import type { InstanceBooks } from '../../../scripts/start/books.ts';
import type { ScalingLook, ScalingReport } from '../../../scripts/start/scaling-log.ts';

const look = (atMs: number, arrived: number, change: Partial<ScalingLook> = {}): ScalingLook => ({
  ...{ atMs, arrived, lag: 0, backlog: 0, active: 2, target: 2, ...change },
});

function report(looks: readonly ScalingLook[]): ScalingReport {
  return { policy: 'p', scalings: [], reversals: 0, peakLag: 0, backlogMs: 0, drainMs: 0, replaced: 0, looks };
}

function instance(joinedAfterMs: number | null, leftAfterMs: number | null): InstanceBooks {
  return {
    ...{ id: 1, pid: 1, state: 'left', joinedAfterMs, leftAfterMs, recordsIn: 0, recordsOut: 0, deadLettered: 0 },
    ...{ cpuSeconds: 0, usPerRecord: null, rssMb: 0 },
  };
}

test('a trace has for each second the rate that was seen, from the first look on', () => {
  const looks = [look(500, 1_000), look(1_600, 1_110), look(2_500, 2_010), look(5_000, 2_510), look(5_500, 2_610)];
  const { rates, startMs } = traceOfRun(report(looks), 7);
  expect([...rates].map(Math.round)).toEqual([100, 1_000, 200, 200, 200]);
  expect(startMs).toBe(7);
  expect(traceOfRun(report([]), 7).rates).toHaveLength(0);
});

test('costs are what the run had, and without a backlog or a scaling those that are known', () => {
  const looks = [
    look(0, 0),
    look(1_000, 1_000, { lag: 500, backlog: 400 }),
    look(2_000, 2_000, { lag: 900, backlog: 800 }), // 600 done in a second by two
    look(3_000, 3_000, { lag: 1_300, backlog: 1_200, active: 4, target: 4 }), // 600 by three on average
    look(4_000, 3_000, { lag: 100, backlog: 50, active: 4, target: 4 }), // 1,200 by four
  ];
  const scaled = { ...report(looks), scalings: [{ atMs: 0, from: 2, to: 4, reason: '' }] };
  const perInstance = [instance(900, 200), instance(1_500, 400), instance(1_200, null)];
  expect(costsOfRun({ perInstance, rebalanceMs: [400, 500, 600] }, scaled, measuredCosts)).toEqual({
    ...measuredCosts,
    // 2,400 by nine instance-seconds, of which a rebalance of half a second stopped two.
    ...{ recordsPerSecondPerInstance: 300, startUpSeconds: 1.2, leaveSeconds: 0.2, rebalanceSeconds: 0.5 },
  });
  const nothing = { perInstance: [instance(null, null)], rebalanceMs: [] };
  expect(costsOfRun(nothing, report(looks.slice(0, 2)), measuredCosts)).toEqual(measuredCosts);
});
