import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DependencyDownError, RetryableError } from '../../../functions/runtime/errors.ts';
import { createRecords } from '../../support/fakes.ts';
import { deaths, recordKit, values } from './lane-kit.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const again = new RetryableError('a deadlock');
const down = new DependencyDownError('the database is away');

function raise(thrown: unknown): never {
  throw thrown;
}

describe('a retryable error', () => {
  test('is tried up to the policy, with growing waits, then dead', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1); // the longest wait: the whole of initialDelayMs, doubled each time
    const seen: number[] = [];
    const kit = recordKit((_record, { attempt }) => {
      seen.push(attempt);
      return raise(again);
    });
    await kit.push(...createRecords({}));
    expect(seen).toEqual([1]);
    await kit.pass(99);
    expect(seen).toEqual([1]);
    expect(kit.lane.triesLater).toBe(true); // the watchdog must not take it for stuck
    await kit.pass(1);
    expect(seen).toEqual([1, 2]);
    await kit.pass(199);
    expect(seen).toEqual([1, 2]);
    await kit.pass(1);
    expect(seen).toEqual([1, 2, 3]);
    expect(deaths(kit.deadLetters.sent)).toEqual(['RETRIES_EXHAUSTED 0 3']);
    expect(kit.lane.triesLater).toBe(false);
    expect(kit.metrics.retries).toBe(2);
    await kit.pass(60_000);
    expect(seen).toHaveLength(3);
  });

  test('waits at least half of the delay', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const handle = vi.fn(() => raise(again));
    const kit = recordKit(handle);
    await kit.push(...createRecords({}));
    await kit.pass(49);
    expect(handle).toHaveBeenCalledTimes(1);
    await kit.pass(1);
    expect(handle).toHaveBeenCalledTimes(2);
  });

  test('is known by retryable: true on anything, of any class', async () => {
    const kit = recordKit(() => raise({ retryable: true, toString: () => 'try me' }), {
      retry: { attempts: 1, initialDelayMs: 1, maxDelayMs: 1 },
    });
    await kit.push(...createRecords({}));
    expect(deaths(kit.deadLetters.sent)).toEqual(['RETRIES_EXHAUSTED 0 1']);
  });

  test.each([
    ['key', ['b1', 'a1', 'a2']],
    ['partition', ['a1', 'b1', 'a2']],
  ] as const)('holds the order of its %s, and no other', async (order, expected) => {
    const kit = recordKit(
      ({ value }, { attempt }) => (`${value}` === 'a1' && attempt === 1 ? raise(again) : { value }),
      {
        order,
      },
    );
    const records = [
      { key: 'a', value: 'a1' },
      { key: 'b', value: 'b1' },
      { key: 'a', value: 'a2' },
    ];
    await kit.push(...createRecords(...records));
    await kit.pass(100);
    expect(values(kit.outputs.sent)).toEqual(expected);
    await kit.acknowledgeAll();
    expect(kit.lane.position).toBe(3);
  });

  test('among records without a key holds those without a key', async () => {
    const kit = recordKit(({ value }, { attempt }) => (`${value}` === '1' && attempt === 1 ? raise(again) : { value }));
    await kit.push(...createRecords({ value: '1' }, { key: '', value: '2' }, { value: '3' }));
    await kit.pass(100);
    expect(values(kit.outputs.sent)).toEqual(['2', '1', '3']);
  });

  test('does not stop the position from standing still before it', async () => {
    const kit = recordKit(({ offset }) => (offset === 1 ? raise(again) : { value: 'x' }));
    await kit.push(...createRecords({ key: 'a' }, { key: 'b' }, { key: 'c' }));
    await kit.acknowledgeAll();
    expect(kit.lane.position).toBe(1);
    expect(kit.lane.firstUndone).toBe(1);
    expect(kit.lane.outstanding).toBe(2);
  });
});

describe('a dependency that is down', () => {
  test('holds the whole lane, for as long as it takes, and kills no record', async () => {
    let up = false;
    const seen: string[] = [];
    const kit = recordKit(({ key, offset }, { attempt }) => {
      seen.push(`${offset}/${attempt}`);
      return up ? { value: `${key}` } : raise(down);
    });
    await kit.push(...createRecords({ key: 'a' }, { key: 'b' }));
    expect(kit.metrics.waitingForDependency).toBe(1);

    await kit.pass(3_600_000);
    expect(new Set(seen)).toEqual(new Set(['0/1'])); // no wait is an attempt, and nothing else was handed out
    expect(seen.length).toBeGreaterThan(720); // at least every 5 s
    expect(kit.deadLetters.sent).toEqual([]);

    up = true;
    await kit.pass(5_000);
    expect(values(kit.outputs.sent)).toEqual(['a', 'b']);
    expect(kit.metrics).toMatchObject({ waitingForDependency: 0, retries: 0 });
  });

  test('leaves the count of attempts as it was', async () => {
    const script = [again, down, down, again, again];
    const attempts: number[] = [];
    const kit = recordKit((_record, { attempt }) => {
      attempts.push(attempt);
      return raise(script[attempts.length - 1]);
    });
    await kit.push(...createRecords({}));
    await kit.pass(60_000);
    expect(attempts).toEqual([1, 2, 2, 2, 3]);
    expect(deaths(kit.deadLetters.sent)).toEqual(['RETRIES_EXHAUSTED 0 3']);
  });

  test('counts a lane once, however many of its records wait', async () => {
    let up = false;
    const kit = recordKit(async () => (up ? undefined : raise(down)));
    await kit.push(...createRecords({ key: 'a' }, { key: 'b' }, { key: 'c' }));
    expect(kit.metrics.waitingForDependency).toBe(1);
    up = true;
    await kit.pass(60_000);
    expect(kit.metrics.waitingForDependency).toBe(0);
    expect(kit.lane.position).toBe(3);
  });

  test('ends the lane where the host cannot wait: the record and all after it are left undone', async () => {
    const kit = recordKit(
      ({ offset }) => (offset === 1 ? raise(down) : { value: 'x' }),
      {},
      { dependencyPatienceMs: 0 },
    );
    await kit.push(...createRecords({ key: 'a' }, { key: 'b' }, { key: 'c' }));
    await kit.pass(60_000);
    await kit.acknowledgeAll();
    await kit.lane.stop();
    expect(kit.outputs.sent).toHaveLength(1);
    expect(kit.lane.position).toBe(1);
    expect(kit.lane.firstUndone).toBe(1);
  });

  test('ends it only after the host has waited for as long as it can', async () => {
    const kit = recordKit(() => raise(down), {}, { dependencyPatienceMs: 2_000 });
    await kit.push(...createRecords({}));
    await kit.pass(1_500);
    expect(kit.lane.ended).toBe(false);
    expect(kit.metrics.waitingForDependency).toBe(1);
    await kit.pass(60_000);
    expect(kit.lane.ended).toBe(true);
    expect(kit.metrics.waitingForDependency).toBe(0);
    expect(kit.lane.firstUndone ?? 0).toBe(0);
  });

  test('ends there what waits for its next try as well', async () => {
    const seen: number[] = [];
    const kit = recordKit(
      ({ offset }) => {
        seen.push(offset);
        return raise(offset === 0 ? again : down);
      },
      {},
      { dependencyPatienceMs: 0 },
    );
    await kit.push(...createRecords({ key: 'a' }, { key: 'b' }, { key: 'c' }));
    await kit.pass(60_000);
    expect(seen).toEqual([0, 1]);
    expect(kit.lane.firstUndone).toBe(0);
  });
});
