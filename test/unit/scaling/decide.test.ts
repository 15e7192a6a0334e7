import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backlogOf, decide, noHistory, remember } from '../../../infra/scaling/decide.ts';
import { allowedCounts, divisorsOf } from '../../../infra/scaling/divisors.ts';
import type { ScalingPolicy, ScalingState } from '../../../infra/scaling/policy.ts';
import { localScaling, scaling } from '../../../infra/scaling.ts';

const noMarket: ScalingPolicy = { ...scaling, calendar: null };
const at = (text: string): number => Date.parse(`${text}+05:30`);
const lagOf = (total: number, worstPartition: number | null = null) => ({ total, worstPartition });
const state = (over: Partial<ScalingState> = {}): ScalingState => ({
  nowMs: at('2026-11-26T20:00:00'),
  instances: 2,
  lag: lagOf(0),
  ratePerSecond: 0,
  downstream: 'healthy',
  history: noHistory,
  ...over,
});

describe('decide', () => {
  test('knows the counts that give even shares of 60', () => {
    expect(divisorsOf(60)).toEqual([1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60]);
    expect(allowedCounts(scaling)).toEqual([2, 3, 4, 5, 6, 10, 12]);
  });

  test('stays at the minimum when nothing is to be done', () => {
    expect(decide(noMarket, state())).toEqual({ instances: 2, wanted: 2, reason: 'the minimum is 2' });
  });

  test('has what the rate needs, at the planned utilisation, snapped up', () => {
    expect(decide(noMarket, state({ instances: 6, ratePerSecond: 100_000 }))).toEqual({
      instances: 10,
      wanted: 10,
      reason: '100,000 records/s at 15,000 an instance need 7',
    });
  });

  test('takes lag up to the target, or up to what is under way, for no backlog', () => {
    expect(decide(noMarket, state({ lag: lagOf(6_000, 100) })).wanted).toBe(2);
    expect(decide(noMarket, state({ lag: lagOf(20_000), ratePerSecond: 29_000 })).wanted).toBe(2);
  });

  test('counts as backlog what is above the target, and above what is under way', () => {
    expect(backlogOf(noMarket, state({ lag: lagOf(7_000) }))).toBe(1_000);
    expect(backlogOf(noMarket, state({ lag: lagOf(7_000, 3_000) }))).toBe(2_900);
    expect(backlogOf(noMarket, state({ lag: lagOf(75_000), ratePerSecond: 100_000 }))).toBe(0);
    expect(backlogOf(noMarket, state({ lag: lagOf(76_000, 2_000), ratePerSecond: 100_000 }))).toBe(1_000);
  });

  test('has what drains a backlog in time, beside what arrives', () => {
    const { wanted, reason } = decide(noMarket, state({ lag: lagOf(2_406_000), ratePerSecond: 8_000 }));
    expect(wanted).toBe(3);
    expect(reason).toBe('a backlog of 2,400,000 beside 8,000 records/s, to be gone in 60 s, needs 3');
  });

  test('adds none that would find nothing to do: the backlog is in one partition', () => {
    const { wanted, reason } = decide(noMarket, state({ lag: lagOf(12_000_000, 4_000_000) }));
    expect(wanted).toBe(3);
    expect(reason).toContain('so much is in one partition that only 3 help');
    expect(decide(noMarket, state({ lag: lagOf(12_000_000, 200_000) })).wanted).toBe(10);
  });

  test('2 -> 4 -> 6 when a burst wants 6: one change doubles at most, and lands on a divisor', () => {
    const burst = { ratePerSecond: 11_000 };
    const first = decide(localScaling, state(burst));
    expect(first).toMatchObject({ instances: 4, wanted: 6 });
    expect(first.reason).toBe(
      '11,000 records/s at 1,500 an instance need 8, of which the maximum allows 6; from 2 in one change to 4 at most',
    );
    const history = remember(localScaling, state(burst), first);
    const soon = state({ ...burst, instances: 4, history, nowMs: state().nowMs + 4_000 });
    expect(decide(localScaling, soon)).toMatchObject({
      instances: 4,
      reason: expect.stringContaining('for 5 s after'),
    });
    expect(decide(localScaling, { ...soon, nowMs: state().nowMs + 5_000 }).instances).toBe(6);
  });

  test('goes up by what was wanted all through the window, down by the most that was', () => {
    const now = state().nowMs;
    const wantedBefore = (...instances: number[]) => ({
      wanted: instances.map((one, index) => ({ atMs: now - (instances.length - index) * 5_000, instances: one })),
      changedAtMs: null,
    });
    const up = state({ ratePerSecond: 40_000, history: wantedBefore(2) });
    expect(decide(noMarket, up)).toMatchObject({ instances: 2, reason: expect.stringContaining('has held for 10 s') });
    const down = state({ instances: 6, history: wantedBefore(5, 3, 2) });
    expect(decide(noMarket, down)).toMatchObject({ instances: 5, wanted: 2 });
    expect(decide(noMarket, state({ instances: 6, history: wantedBefore(6) })).instances).toBe(6);
    expect(decide(noMarket, state({ instances: 12 })).instances).toBe(6);
  });

  test('does not scale up while downstream is degraded, and comes down to what it bears', () => {
    const busy = { ratePerSecond: 150_000, downstream: 'degraded' } as const;
    expect(decide(noMarket, state({ ...busy, instances: 3 }))).toMatchObject({ instances: 3, wanted: 10 });
    const above = decide(noMarket, state({ ...busy, instances: 10 }));
    expect(above.instances).toBe(4);
    expect(above.reason).toContain('downstream is degraded: not scaled up, 4 at most');
  });

  test('neither lets go nor takes on while downstream comes and goes; lets go once it stays away', () => {
    let current = state({ instances: 10, ratePerSecond: 150_000 });
    const counts: number[] = [];
    const look = (downstream: 'healthy' | 'degraded'): void => {
      current = { ...current, nowMs: current.nowMs + 5_000, downstream };
      const decision = decide(noMarket, current);
      current = { ...current, instances: decision.instances, history: remember(noMarket, current, decision) };
      counts.push(decision.instances);
    };
    look('healthy');
    for (let times = 0; times < 200; times += 1) look(times % 2 === 0 ? 'degraded' : 'healthy');
    expect(new Set(counts)).toEqual(new Set([10]));
    for (let times = 0; times < 59; times += 1) look('degraded');
    expect(current.instances).toBe(10);
    look('degraded');
    expect(current.instances).toBe(4);
    look('healthy');
    expect(current.instances).toBe(4);
  });

  test('has no more than a healthy downstream bears', () => {
    const bearing = { ...noMarket, downstream: { maximum: 5, degradedMaximum: 2 } };
    const { instances, wanted, reason } = decide(bearing, state({ instances: 4, ratePerSecond: 150_000 }));
    expect({ instances, wanted }).toEqual({ instances: 5, wanted: 10 });
    expect(reason).toContain('what is downstream bears 5');
  });

  test('comes back to a divisor from a count that is none', () => {
    expect(decide(noMarket, state({ instances: 7, ratePerSecond: 80_000 })).instances).toBe(6);
    expect(decide(noMarket, state({ instances: 7, ratePerSecond: 140_000 })).instances).toBe(10);
    expect(decide(noMarket, state({ instances: 40 })).instances).toBe(6);
    expect(decide(noMarket, state({ instances: 7, downstream: 'degraded', ratePerSecond: 140_000 })).instances).toBe(4);
  });

  test('remembers each wish once, when it was last, for as long as a window reaches', () => {
    const wishes: [seconds: number, wanted: number][] = [
      [0, 2],
      [5, 2],
      [10, 6],
      [15, 6],
      [20, 2],
      [400, 3],
    ];
    const histories: { atMs: number; instances: number }[][] = [];
    let now = state();
    for (const [seconds, wanted] of wishes) {
      now = { ...now, nowMs: seconds * 1_000 };
      const history = remember(noMarket, now, { instances: wanted === 6 ? 4 : 2, wanted, reason: '' });
      now = { ...now, history };
      histories.push(history.wanted.map(({ atMs, instances }) => ({ atMs: atMs / 1_000, instances })));
    }
    expect(histories[4]).toEqual([
      { atMs: 5, instances: 2 },
      { atMs: 15, instances: 6 },
      { atMs: 20, instances: 2 },
    ]);
    expect(histories[5]).toEqual([{ atMs: 400, instances: 3 }]);
    expect(now.history.changedAtMs).toBe(15_000);
  });

  test.each([
    ['2026-11-26T08:54:59', 2, 'the minimum is 2'],
    ['2026-11-26T08:55:00', 6, "the market's pre-open (09:00 to 09:15) has at least 6"],
    ['2026-11-26T09:44:59', 6, "the market's opening (09:15 to 09:45) has at least 6"],
    ['2026-11-26T09:45:00', 4, "the market's open (09:45 to 15:30) has at least 4"],
    ['2026-11-26T15:30:00', 2, 'the minimum is 2'],
    ['2026-11-24T10:00:00', 2, 'the minimum is 2'],
    ['2026-11-28T10:00:00', 2, 'the minimum is 2'],
    ['2026-11-08T18:00:00', 4, "the market's muhurat (13:30 to 19:30) has at least 4"],
    ['2027-01-26T10:00:00', 4, "the market's open (09:45 to 15:30) has at least 4"],
  ])('at %s in India the calendar has %i', (time, wanted, reason) => {
    expect(decide(scaling, state({ nowMs: at(time) }))).toMatchObject({
      wanted,
      reason: expect.stringContaining(reason),
    });
  });
});

const anyPolicy: fc.Arbitrary<ScalingPolicy> = fc
  .record({
    partitions: fc.constantFrom(1, 7, 12, 30, 60, 96),
    ends: fc.tuple(fc.nat(20), fc.nat(20)),
    ceilings: fc.tuple(fc.nat(100), fc.nat(100)),
    factor: fc.double({ min: 1.01, max: 4, noNaN: true }),
    windows: fc.tuple(fc.nat(60), fc.nat(600)),
    market: fc.boolean(),
  })
  .map(({ partitions, ends, ceilings, factor, windows, market }) => {
    const counts = divisorsOf(partitions);
    const [minimum, maximum] = ends.map((end) => counts[end % counts.length] as number).toSorted((a, b) => a - b);
    const least = minimum as number;
    const [degradedMaximum, most] = ceilings.map((one) => one + least).toSorted((a, b) => a - b);
    return {
      ...scaling,
      ...{ partitions, minimum: least, maximum: maximum as number },
      up: { windowSeconds: windows[0], periodSeconds: 15, maxFactor: factor },
      down: { windowSeconds: windows[1], periodSeconds: 60, maxFactor: factor },
      downstream: { maximum: most as number, degradedMaximum: degradedMaximum as number },
      calendar: market ? scaling.calendar : null,
    };
  });

const anyLook = fc.record({
  lag: fc.nat(50_000_000),
  worstShare: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  ratePerSecond: fc.double({ min: 0, max: 2_000_000, noNaN: true }),
  downstream: fc.constantFrom('healthy' as const, 'degraded' as const),
});

describe('whatever comes', () => {
  test('the count is a divisor within the bounds, and steps of one direction keep their period', () => {
    fc.assert(
      fc.property(anyPolicy, fc.array(anyLook, { minLength: 1, maxLength: 40 }), (policy, looks) => {
        let current = state({ instances: policy.minimum, nowMs: at('2026-11-26T08:50:00') });
        for (const { lag, worstShare, ...look } of looks) {
          const worst = worstShare === null ? null : lag * worstShare;
          const now: ScalingState = { ...current, ...look, lag: lagOf(lag, worst), nowMs: current.nowMs + 5_000 };
          const decision = decide(policy, now);
          expect(allowedCounts(policy)).toContain(decision.instances);
          expect(allowedCounts(policy)).toContain(decision.wanted);
          if (now.downstream === 'degraded') expect(decision.instances).toBeLessThanOrEqual(now.instances);
          current = { ...now, instances: decision.instances, history: remember(policy, now, decision) };
        }
      }),
    );
  });

  test('more lag, or a higher rate, never means fewer instances', () => {
    fc.assert(
      fc.property(anyPolicy, anyLook, fc.nat(10_000_000), fc.nat(500_000), (policy, look, more, faster) => {
        const looked = { ...look, lag: lagOf(look.lag) };
        const counts = allowedCounts(policy);
        for (const instances of counts) {
          const before = decide(policy, state({ ...looked, instances }));
          // What is merely under way grows with the rate, so a higher rate is compared where there is no backlog.
          const laggier = decide(policy, state({ ...looked, instances, lag: lagOf(look.lag + more) }));
          const idle = { instances, downstream: look.downstream, lag: lagOf(0) };
          const slower = decide(policy, state({ ...idle, ratePerSecond: look.ratePerSecond }));
          const busier = decide(policy, state({ ...idle, ratePerSecond: look.ratePerSecond + faster }));
          expect(laggier.instances).toBeGreaterThanOrEqual(before.instances);
          expect(laggier.wanted).toBeGreaterThanOrEqual(before.wanted);
          expect(busier.instances).toBeGreaterThanOrEqual(slower.instances);
        }
      }),
    );
  });

  test('instances are never fewer than the rate needs, within the maximum and the ceiling', () => {
    fc.assert(
      fc.property(anyPolicy, anyLook, (policy, look) => {
        const { wanted } = decide(policy, state({ ...look, lag: lagOf(look.lag), instances: policy.minimum }));
        const needed = look.ratePerSecond / policy.recordsPerSecondPerInstance;
        expect(wanted).toBeGreaterThanOrEqual(Math.min(needed, policy.maximum));
      }),
    );
  });
});
