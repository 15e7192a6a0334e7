import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allowedCounts } from '../../../infra/scaling/divisors.ts';
import { localScaling, scaling } from '../../../infra/scaling.ts';
import { type Costs, measuredCosts } from '../../../scripts/simulate/costs.ts';
import { membersOf } from '../../../scripts/simulate/members.ts';
import { nseDay } from '../../../scripts/simulate/nse-day.ts';
import { simulate } from '../../../scripts/simulate/simulation.ts';
import type { Trace } from '../../../scripts/simulate/trace.ts';

const costs: Costs = { ...measuredCosts, recordsPerSecondPerInstance: 1_000, startUpSeconds: 2, commitSeconds: 0 };
const policy = { ...localScaling, recordsPerSecondPerInstance: 1_000 };

/** Rates that each last so many seconds. */
function steps(...parts: [perSecond: number, seconds: number][]): Trace {
  const rates = Float64Array.from(parts.flatMap(([perSecond, seconds]) => new Array<number>(seconds).fill(perSecond)));
  return { name: 'steps', startMs: Date.parse('2026-11-26T00:00:00+05:30'), rates };
}

const burst = steps([500, 20], [4_000, 60], [500, 120]);

describe('simulate', () => {
  test('follows what can be counted by hand: two instances, 500 a second too much, for 4 s', () => {
    const fixed = { ...policy, maximum: 2, downstream: { maximum: 2, degradedMaximum: 2 } };
    const { lag, figures, events } = simulate(fixed, steps([2_000, 2], [2_500, 4], [1_000, 4]), costs);
    expect([...lag]).toEqual([0, 0, 500, 1_000, 1_500, 2_000, 1_000, 0, 0, 0]);
    expect(events).toEqual([]);
    expect(figures).toMatchObject({ records: 18_000, peakLag: 2_000, peakLagAtSeconds: 5, lagAtEnd: 0, rebalances: 0 });
    expect(figures.instanceHours).toBeCloseTo((2 * 10) / 3_600, 10);
  });

  test('counts what is handled and not committed as lag', () => {
    const { lag } = simulate(policy, steps([1_000, 3]), { ...costs, commitSeconds: 0.25 });
    expect([...lag]).toEqual([250, 250, 250]);
  });

  test('lets a new instance work after its start-up, and nobody during the rebalance', () => {
    const slow = { ...costs, startUpSeconds: 3, rebalanceSeconds: 0.5 };
    const { events, lag } = simulate({ ...policy, up: { ...policy.up, windowSeconds: 0 } }, steps([4_000, 8]), slow);
    // Decided at the end of second 0; the two that are asked for join at 4, when all stand still for half a second.
    expect(events[0]).toMatchObject({ atSeconds: 1, from: 2, to: 4 });
    expect([...lag].slice(0, 6)).toEqual([2_000, 4_000, 6_000, 8_000, 10_000, 10_000]);
  });

  test('scales the burst 2 -> 4 -> 6 and back with no reversal, and regains the target in time', () => {
    const { events, figures } = simulate(policy, burst, costs);
    expect(events.map(({ from, to }) => `${from}>${to}`).slice(0, 2)).toEqual(['2>4', '4>6']);
    expect(events.at(-1)?.to).toBe(2);
    expect(figures.reversals).toBe(0);
    expect(figures.lagAtEnd).toBe(0);
    const upSeconds = policy.up.windowSeconds + policy.up.periodSeconds + costs.startUpSeconds * 2;
    expect(figures.longestDrainSeconds).toBeLessThanOrEqual(upSeconds + policy.targetDrainSeconds);
  });

  test('can wait until one change is complete before it makes the next', () => {
    const slow = { ...costs, startUpSeconds: 15 };
    const at = (oneChangeAtATime: boolean) =>
      simulate(policy, burst, slow, { oneChangeAtATime })
        .events.slice(0, 2)
        .map(({ atSeconds }) => atSeconds);
    const [first, second] = at(false);
    expect((second ?? 0) - (first ?? 0)).toBe(5);
    const [, later] = at(true);
    expect((later ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(15);
  });

  test('does not scale up while downstream is degraded', () => {
    const { events } = simulate(policy, burst, costs, {
      downstreamAt: (second) => (second < 90 ? 'degraded' : 'healthy'),
    });
    expect(events.every(({ atSeconds, from, to }) => to < from || atSeconds > 90)).toBe(true);
  });

  test('cannot do more together than the machine does', () => {
    const { figures } = simulate(policy, burst, { ...costs, recordsPerSecondTogether: 2_500 });
    expect(figures.peakLag).toBeGreaterThan(80_000);
  });

  test('foretells the same each time', () => {
    expect(simulate(policy, burst, costs).figures).toEqual(simulate(policy, burst, costs).figures);
  });

  test('whatever arrives: counts are divisors within bounds, and no record is lost or made up', () => {
    const parts = fc.array(fc.tuple(fc.nat(20_000), fc.integer({ min: 1, max: 60 })), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(parts, fc.double({ min: 0, max: 30, noNaN: true }), (traced, startUpSeconds) => {
        const { instances, lag, figures, events } = simulate(policy, steps(...traced), { ...costs, startUpSeconds });
        expect(instances.every((count) => allowedCounts(policy).includes(count))).toBe(true);
        expect(lag.every((value) => value >= 0 && value <= figures.records)).toBe(true);
        expect(events.every(({ from, to }, index) => from !== to && (events[index + 1]?.from ?? to) === to)).toBe(true);
        expect(figures.scalings).toBe(events.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the built-in day', () => {
  const day = nseDay('2026-11-26');
  const under = (over: Partial<Costs> = {}) => simulate(scaling, day, { ...measuredCosts, ...over });

  test('is a day, opens with its highest rate, and is the same each time', () => {
    expect(day.rates).toHaveLength(86_400);
    expect(day.rates.indexOf(Math.max(...day.rates))).toBeGreaterThanOrEqual((9 * 60 + 15) * 60);
    expect(day.rates.indexOf(Math.max(...day.rates))).toBeLessThan((9 * 60 + 16) * 60);
    expect(nseDay('2026-11-26').rates).toEqual(day.rates);
  });

  test('is scaled before the open, without thrash, and keeps its target but for the burst', () => {
    const { figures, events } = under();
    const open = (9 * 60 + 15) * 60;
    expect(events[0]?.atSeconds).toBeLessThan(open - 15 * 60);
    expect(figures.reversals).toBeLessThanOrEqual(1);
    expect(figures.longestDrainSeconds).toBeLessThanOrEqual(scaling.targetDrainSeconds);
    expect(figures.secondsAboveTarget).toBeLessThan(120);
  });

  test.each([10, 30, 60, 120])('is without thrash when instances take %i s to start', (startUpSeconds) => {
    expect(under({ startUpSeconds }).figures.reversals).toBeLessThanOrEqual(1);
  });

  test('costs more lag without the calendar', () => {
    const blind = simulate({ ...scaling, calendar: null }, day, measuredCosts);
    expect(blind.figures.peakLag).toBeGreaterThan(under().figures.peakLag);
  });

  test('takes less than a second', () => {
    under();
    const before = process.cpuUsage();
    under();
    const { user, system } = process.cpuUsage(before);
    // CPU time: other processes have the cores as well.
    expect((user + system) / 1e6).toBeLessThan(1);
  });
});

describe('members', () => {
  test('come no sooner when fewer are wanted while they start', () => {
    const members = membersOf(2, { ...costs, startUpSeconds: 30, leaveSeconds: 1 });
    members.change(6, 0);
    members.change(4, 10);
    const counts = Array.from({ length: 32 }, (_, second) => members.during(second).count);
    expect(counts.slice(0, 30)).toEqual(new Array(30).fill(2));
    expect(counts.slice(30)).toEqual([4, 4]);
    expect(members.changes()).toBe(1);
  });
});
