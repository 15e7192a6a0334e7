import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { headsOf, startWatchdog, type Vitals } from '../../../functions/hosts/container/watchdog.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const limitMs = 60_000;

/** Partition 3 at an offset, and any others. */
const at = (offset: number, ...others: [number, string][]) => new Map([[3, `offset ${offset}, try 1`], ...others]);

/** A watchdog over vitals and a clock that the test sets. */
function setUp(first: Partial<Vitals> = {}) {
  let vitals: Vitals = { heads: at(5), member: true, waiting: false, ...first };
  let nowMs = 1_000_000;
  const stuck: string[] = [];
  const dog = startWatchdog(
    () => vitals,
    limitMs,
    (reason) => stuck.push(reason),
    () => nowMs,
  );
  dog.check();
  /** So much later, with these vitals from then on: what it says now. */
  const later = (ms: number, change: Partial<Vitals> = {}): string[] => {
    nowMs += ms;
    vitals = { ...vitals, ...change };
    dog.check();
    return stuck;
  };
  return { later, dog, stuck };
}

describe('the watchdog', () => {
  test('ends an instance that has a backlog and moves nothing', () => {
    const { later } = setUp();
    expect(later(limitMs - 1)).toEqual([]);
    expect(later(1)).toEqual(['partition 3 has stood still at offset 5, try 1 for 60000 ms']);
  });

  test('lets one be that moves on, however slowly', () => {
    const { later } = setUp();
    for (let offset = 6; offset < 15; offset += 1) expect(later(limitMs - 1, { heads: at(offset) })).toEqual([]);
    expect(later(limitMs - 1)).toEqual([]);
    expect(later(1)).toHaveLength(1);
  });

  test('ends one of whose partitions one stands still, however much the others move', () => {
    const { later } = setUp();
    for (let offset = 1; offset < 10; offset += 1) {
      expect(later(limitMs / 10, { heads: at(5, [4, `offset ${offset}, try 1`]) })).toEqual([]);
    }
    const others = { heads: at(5, [4, 'offset 10, try 1']) };
    expect(later(limitMs / 10, others)).toEqual(['partition 3 has stood still at offset 5, try 1 for 60000 ms']);
  });

  test('counts from when a partition has come, not from when it was here before', () => {
    const { later } = setUp();
    later(limitMs / 2, { heads: new Map() });
    expect(later(limitMs / 2, { heads: at(5) })).toEqual([]);
    expect(later(limitMs - 1)).toEqual([]);
    expect(later(1)).toHaveLength(1);
  });

  test.each<[what: string, vitals: Partial<Vitals>]>([
    ['has nothing to do', { heads: new Map() }],
    ['waits for a dependency', { waiting: true }],
  ])('lets one be that %s, and counts from the end of that', (_what, vitals) => {
    const { later } = setUp(vitals);
    expect(later(10 * limitMs)).toEqual([]);
    expect(later(1, { heads: at(5), waiting: false })).toEqual([]);
    expect(later(limitMs - 2)).toEqual([]);
    expect(later(2)).toHaveLength(1);
  });

  test('ends one that fell out of its group, backlog or not', () => {
    const { later } = setUp({ heads: new Map(), member: false });
    expect(later(limitMs - 1)).toEqual([]);
    expect(later(1)).toEqual(['this instance has been no member of its group for 60000 ms']);
  });

  test('lets one be that joined again in time', () => {
    const { later } = setUp({ heads: new Map(), member: false });
    expect(later(limitMs - 1, { member: true })).toEqual([]);
    expect(later(limitMs - 1, { member: false })).toEqual([]);
  });

  test('does not take the wait for an assignment for standing still', () => {
    const { later } = setUp({ member: false });
    expect(later(limitMs - 1)).toEqual([]);
    expect(later(1, { member: true })).toEqual([]);
    expect(later(limitMs - 2)).toEqual([]);
    expect(later(1)).toHaveLength(1); // counted from the last look that saw no member
  });

  test('looks by itself, ten times in its limit, until it is stopped', () => {
    const { dog } = setUp();
    const looks = vi.fn(() => ({ heads: new Map(), member: true, waiting: false }));
    const other = startWatchdog(looks, limitMs, () => undefined);
    vi.advanceTimersByTime(limitMs);
    expect(looks).toHaveBeenCalledTimes(10);
    other.stop();
    dog.stop();
    vi.advanceTimersByTime(limitMs);
    expect(looks).toHaveBeenCalledTimes(10);
  });
});

test('what the watchdog sees of lanes: first records that are not done, but for those that wait for their next try', () => {
  const lanes = new Map([
    [0, { firstUndone: 7, tries: 2, triesLater: false }],
    [1, { firstUndone: 8, tries: 1, triesLater: true }],
    [2, { firstUndone: undefined, tries: 0, triesLater: false }],
  ]);
  expect([...headsOf(lanes)]).toEqual([[0, 'offset 7, try 2']]);
});
