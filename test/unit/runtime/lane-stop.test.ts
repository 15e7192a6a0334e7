import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Output } from '../../../functions/runtime/contract.ts';
import { DependencyDownError, RetryableError } from '../../../functions/runtime/errors.ts';
import { createPublisher, createRecords } from '../../support/fakes.ts';
import { type LaneKit, recordKit, values } from './lane-kit.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const slow = (ms: number, output: Output | undefined) =>
  new Promise<Output | undefined>((resolve) => setTimeout(() => resolve(output), ms));

/** Stops the lane; tells whether the stop has ended. */
function stopping({ lane }: LaneKit): { readonly ended: boolean } {
  const state = { ended: false };
  void lane.stop().then(() => {
    state.ended = true;
  });
  return state;
}

function raise(thrown: unknown): never {
  throw thrown;
}

describe('stop', () => {
  test('of an idle lane ends at once; the lane takes nothing more', async () => {
    const kit = recordKit(() => ({ value: 'x' }));
    const stop = stopping(kit);
    await kit.push(...createRecords({}));
    expect(stop.ended).toBe(true);
    expect(kit.outputs.sent).toEqual([]);
    expect(kit.lane.bufferedRecords).toBe(0);
  });

  test('waits for what is published to be acknowledged', async () => {
    const kit = recordKit(() => ({ value: 'x' }));
    await kit.push(...createRecords({}, {}));
    const stop = stopping(kit);
    kit.outputs.acknowledge(1);
    await kit.pass(0);
    expect(stop.ended).toBe(false);
    kit.outputs.acknowledge(1);
    await kit.pass(0);
    expect(stop.ended).toBe(true);
    expect(kit.lane.position).toBe(2);
  });

  test('waits for running handlers and for what they return, and hands out nothing behind them', async () => {
    const kit = recordKit(({ value }) => slow(100, { value }));
    await kit.push(...createRecords({ key: 'a', value: 'a1' }, { key: 'b', value: 'b1' }, { key: 'a', value: 'a2' }));
    const stop = stopping(kit);
    await kit.pass(100);
    expect(values(kit.outputs.sent)).toEqual(['a1', 'b1']);
    expect(stop.ended).toBe(false);
    await kit.acknowledgeAll();
    expect(stop.ended).toBe(true);
    expect(kit.lane.position).toBe(2);
    expect(kit.lane.firstUndone).toBe(2);
  });

  test('goes on with what waits for its key in front of what is done: else that would be doubled', async () => {
    const kit = recordKit(({ value }) => slow(100, { value }));
    const keys = ['a', 'a', 'b', 'a', 'c', 'a'];
    await kit.push(...createRecords(...keys.map((key, index) => ({ key, value: `${key}${index}` }))));
    const stop = stopping(kit);
    for (let turn = 0; turn < 5; turn += 1) {
      await kit.pass(100);
      await kit.acknowledgeAll();
    }
    expect(values(kit.outputs.sent)).toEqual(['a0', 'b2', 'c4', 'a1', 'a3']);
    expect([stop.ended, kit.lane.position, kit.lane.firstUndone, vi.getTimerCount()]).toEqual([true, 5, 5, 0]);
  });

  test('goes on with a next try in front of what is done, until the record is done or dead', async () => {
    const handle = vi.fn(({ value }) => (String(value) === 'bad' ? raise(new RetryableError('later')) : { value }));
    const kit = recordKit(handle);
    await kit.push(...createRecords({ key: 'a', value: 'bad' }, { key: 'b', value: 'b' }, { key: 'c', value: 'bad' }));
    await kit.acknowledgeAll();
    const stop = stopping(kit);
    await kit.pass(0);
    expect(stop.ended).toBe(false);
    await kit.pass(60_000);
    await kit.acknowledgeAll();
    expect([stop.ended, kit.lane.position, kit.lane.firstUndone]).toEqual([true, 2, 2]);
    expect(handle).toHaveBeenCalledTimes(5); // three tries, and one each
    expect(kit.deadLetters.sent).toHaveLength(1);
  });

  test('waits for nothing behind a record whose dependency is down', async () => {
    let down = false;
    const kit = recordKit(({ value }) => {
      if (String(value) === 'needs it') raise(new DependencyDownError('away'));
      return slow(down ? 1e6 : 100, { value });
    });
    await kit.push(
      ...createRecords({ key: 'b', value: 'b' }, { key: 'a', value: 'needs it' }, { key: 'b', value: 'b2' }),
    );
    down = true;
    const stop = stopping(kit);
    await kit.pass(100);
    await kit.acknowledgeAll();
    expect([stop.ended, kit.lane.position, kit.lane.firstUndone]).toEqual([true, 1, 1]);
  });

  test('waits for the output of the very last handler', async () => {
    const kit = recordKit(({ value }) => slow(100, { value }));
    await kit.push(...createRecords({}));
    const stop = stopping(kit);
    await kit.pass(100);
    expect(stop.ended).toBe(false);
    await kit.acknowledgeAll();
    expect(stop.ended).toBe(true);
    expect(kit.lane.position).toBe(1);
  });

  test('waits for dead letters', async () => {
    const kit = recordKit(() => raise(new Error('bug')));
    await kit.push(...createRecords({}));
    const stop = stopping(kit);
    await kit.pass(0);
    expect(stop.ended).toBe(false);
    await kit.acknowledgeAll();
    expect(stop.ended).toBe(true);
  });

  test.each([
    ['its next try', new RetryableError('later')],
    ['a dependency', new DependencyDownError('away')],
  ])('leaves a record that waits for %s undone', async (_what, error) => {
    const handle = vi.fn(() => raise(error));
    const kit = recordKit(handle);
    await kit.push(...createRecords({}));
    const stop = stopping(kit);
    expect([vi.getTimerCount(), kit.metrics.waitingForDependency]).toEqual([0, 0]);
    await kit.pass(60_000);
    expect(stop.ended).toBe(true);
    expect(handle).toHaveBeenCalledTimes(1);
    expect(kit.lane.position).toBeUndefined();
    expect(kit.lane.firstUndone).toBe(0);
    expect(kit.deadLetters.sent).toEqual([]);
  });

  test('leaves a record undone that fails retryably while it is going on', async () => {
    const kit = recordKit(() => slow(100, undefined).then(() => raise(new RetryableError('later'))));
    await kit.push(...createRecords({}));
    const stop = stopping(kit);
    await kit.pass(60_000);
    expect(stop.ended).toBe(true);
    expect(kit.lane.firstUndone).toBe(0);
    expect(kit.metrics.retries).toBe(0);
  });
});

describe('abort', () => {
  test('tells handlers by their signal, and why', async () => {
    const signals: AbortSignal[] = [];
    const kit = recordKit((_record, { signal }) => {
      signals.push(signal);
      return slow(100, undefined);
    });
    await kit.push(...createRecords({ key: 'a' }, { key: 'b' }));
    kit.lane.abort('the partition was lost');
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(signals[0]?.reason).toEqual(new Error('the partition was lost'));
  });

  test.each<[what: string, end: () => Output | undefined]>([
    ['returns', () => ({ value: 'too late' })],
    ['returns nothing', () => undefined],
    ['throws a bug', () => raise(new Error('aborted'))],
    ['throws a retryable error', () => raise(new RetryableError('aborted'))],
    ['throws that a dependency is down', () => raise(new DependencyDownError('aborted'))],
  ])('leaves a record undone whose handler then %s', async (_what, end) => {
    const kit = recordKit(() => slow(100, undefined).then(end));
    await kit.push(...createRecords({ key: 'a' }, { key: 'a' }));
    kit.lane.abort('lost');
    await kit.pass(60_000);
    expect(kit.outputs.sent).toEqual([]);
    expect(kit.deadLetters.sent).toEqual([]);
    expect(kit.lane.position).toBeUndefined();
    expect(kit.lane.firstUndone).toBe(0);
    expect(kit.metrics).toMatchObject({ recordsIn: 2, recordsFiltered: 0, retries: 0, waitingForDependency: 0 });
  });

  test('forgets what was published and not sent, of this lane only', async () => {
    const kit = recordKit(({ offset }) => (offset === 0 ? { value: 'x' } : raise(new Error('bug'))));
    const other = { acknowledged: () => undefined, refused: () => undefined };
    kit.outputs.publish(0, { key: null, value: 'of another lane', headers: {} }, 50, other, other);
    await kit.push(...createRecords({}, {}));
    kit.lane.abort('lost');
    expect(kit.outputs.sent.map(({ state }) => state)).toEqual(['waiting', 'forgotten']);
    expect(kit.deadLetters.sent.map(({ state }) => state)).toEqual(['forgotten']);
  });

  test('tells of each record that is stored after all: it had been sent before', async () => {
    const onLate = vi.fn();
    const outputs = createPublisher();
    outputs.cancel = () => undefined; // all of it is on its way
    const twice = { value: 'x' };
    const kit = recordKit(({ offset }) => (offset === 2 ? undefined : [twice, twice]), {}, { outputs, onLate });
    await kit.push(...createRecords({}, {}, {}));
    outputs.acknowledge(2);
    kit.lane.abort('lost');
    expect(onLate).not.toHaveBeenCalled();
    outputs.acknowledge();
    expect(onLate).toHaveBeenCalledTimes(1);
  });

  test('ends a stop that waits: what is in flight cannot be done any more', async () => {
    const kit = recordKit(({ offset }) => (offset === 0 ? { value: 'x' } : slow(1e6, undefined)));
    await kit.push(...createRecords({ key: 'a' }, { key: 'b' }));
    const before = stopping(kit);
    await kit.pass(0);
    expect(before.ended).toBe(false);
    kit.lane.abort('lost');
    const after = stopping(kit);
    await kit.pass(0);
    expect(before.ended).toBe(true);
    expect(after.ended).toBe(true);
  });
});

describe('offsets behind the last record that hold none', () => {
  test('are passed once all before them is done', async () => {
    const kit = recordKit(() => ({ value: 'x' }));
    kit.lane.push(createRecords({}, {}), 2, 3);
    await kit.push(); // read since, and without an end: nothing is known of what lies behind
    expect(kit.lane.position).toBeUndefined();
    kit.lane.push([], 0, 4);
    await kit.pass(0);
    kit.outputs.acknowledge(1);
    await kit.pass(0);
    expect(kit.lane.position).toBe(1);
    await kit.acknowledgeAll();
    expect(kit.lane.position).toBe(4);
    kit.lane.push(createRecords({ offset: 4 }), 1, 6);
    await kit.pass(0);
    expect(kit.lane.position).toBe(4);
    await kit.acknowledgeAll();
    expect(kit.lane.position).toBe(6);
  });

  test('are not passed by a lane that stops with records unhandled', async () => {
    const kit = recordKit(() => ({ value: 'x' }), {}, { maxOutstanding: 1 });
    kit.lane.push(createRecords({}, {}), 2, 9);
    await kit.pass(0);
    void kit.lane.stop();
    await kit.acknowledgeAll();
    expect(kit.lane.position).toBe(1);
  });
});
