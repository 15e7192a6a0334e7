import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BatchFunction, BatchResult, InboundRecord } from '../../../functions/runtime/contract.ts';
import { BadInputError, DependencyDownError, RetryableError } from '../../../functions/runtime/errors.ts';
import { createRecords } from '../../support/fakes.ts';
import { batchKit, deaths, values } from './lane-kit.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function raise(thrown: unknown): never {
  throw thrown;
}

/** A handler of batches from one of records, which notes the values of each call. */
function perRecord(handle: (value: string, call: number) => BatchResult) {
  const calls: string[] = [];
  const handleBatch = async (records: readonly InboundRecord[]): Promise<readonly BatchResult[]> => {
    calls.push(records.map(({ value }) => `${value}`).join(' '));
    return records.map(({ value }) => handle(`${value}`, calls.length));
  };
  return { calls, handleBatch };
}

const abc = createRecords({ key: 'a', value: 'a1' }, { key: 'b', value: 'b1' }, { key: 'a', value: 'a2' });

describe('a batch', () => {
  test('takes all that waits, in one call, and its outputs keep their order', async () => {
    const { calls, handleBatch } = perRecord((value) => [{ value }, { value: `${value}+` }]);
    const kit = batchKit(handleBatch);
    await kit.push(...abc);
    expect(calls).toEqual(['a1 b1 a2']);
    expect(values(kit.outputs.sent)).toEqual(['a1', 'a1+', 'b1', 'b1+', 'a2', 'a2+']);
    await kit.acknowledgeAll();
    expect(kit.lane.position).toBe(3);
  });

  test('runs alone: what comes meanwhile is the next one', async () => {
    const { calls, handleBatch } = perRecord(() => undefined);
    const kit = batchKit(handleBatch);
    kit.lane.push(abc, 3);
    kit.scheduler.run();
    await kit.push(...createRecords({ offset: 3, value: 'c1' }));
    expect(calls).toEqual(['a1 b1 a2', 'c1']);
  });

  test('of a handler that does not wait is the same', async () => {
    const kit = batchKit((records) => records.map(({ value }) => ({ value })));
    await kit.push(...abc);
    expect(values(kit.outputs.sent)).toEqual(['a1', 'b1', 'a2']);
  });

  test('with one bad record loses only that', async () => {
    const { calls, handleBatch } = perRecord((value) =>
      value === 'b1' ? new BadInputError('CONTRACT_VIOLATED', 'b') : { value },
    );
    const kit = batchKit(handleBatch);
    await kit.push(...abc);
    expect(calls).toHaveLength(1);
    expect(values(kit.outputs.sent)).toEqual(['a1', 'a2']);
    expect(deaths(kit.deadLetters.sent)).toEqual(['CONTRACT_VIOLATED 1 1']);
  });

  test.each([
    ['key', ['b1', 'a1', 'a2']],
    ['partition', ['a1', 'b1', 'a2']],
  ] as const)('with one record to retry tries it alone, and holds the order of its %s', async (order, expected) => {
    const { calls, handleBatch } = perRecord((value, call) =>
      value === 'a1' && call === 1 ? new RetryableError('later') : { value },
    );
    const kit = batchKit(handleBatch, { order });
    await kit.push(...abc);
    await kit.pass(100);
    expect(calls[1]).toBe('a1');
    expect(values(kit.outputs.sent)).toEqual(expected);
    await kit.acknowledgeAll();
    expect(kit.lane.position).toBe(3);
  });

  test('counts its call as the first attempt of a record that fails alone', async () => {
    const { handleBatch } = perRecord(() => new RetryableError('never'));
    const kit = batchKit(handleBatch);
    await kit.push(...createRecords({}));
    await kit.pass(10_000);
    expect(deaths(kit.deadLetters.sent)).toEqual(['RETRIES_EXHAUSTED 0 3']);
  });
});

describe('a batch that fails as a whole', () => {
  test.each<[what: string, fail: () => never | Promise<never>]>([
    ['throws', () => raise(new Error('one of you is bad'))],
    ['rejects', () => Promise.reject(new Error('one of you is bad'))],
    ['throws nothing', () => raise(undefined)],
  ])('%s: its records are tried alone, in order', async (_what, fail) => {
    const calls: string[] = [];
    const handleBatch: BatchFunction['handleBatch'] = (records) => {
      calls.push(records.map(({ value }) => `${value}`).join(' '));
      return records.length > 1 ? fail() : records.map(({ value }) => (`${value}` === 'b1' ? raise('bad') : { value }));
    };
    const kit = batchKit(handleBatch);
    await kit.push(...abc);
    expect(calls).toEqual(['a1 b1 a2', 'a1', 'b1', 'a2']);
    expect(values(kit.outputs.sent)).toEqual(['a1', 'a2']);
    expect(deaths(kit.deadLetters.sent)).toEqual(['HANDLER_FAILED 1 1']);
  });

  test('one after the other where the order is of the partition', async () => {
    let running = 0;
    let most = 0;
    const kit = batchKit(
      async (records) => {
        if (records.length > 1) raise(new Error('try alone'));
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, records[0]?.offset === 0 ? 50 : 1));
        running -= 1;
        return records.map(({ value }) => ({ value }));
      },
      { order: 'partition' },
    );
    await kit.push(...abc);
    await kit.pass(1_000);
    expect(values(kit.outputs.sent)).toEqual(['a1', 'b1', 'a2']);
    expect(most).toBe(1);
  });

  test('for a dependency kills no record', async () => {
    let up = false;
    const kit = batchKit(async (records) =>
      up ? records.map(() => undefined) : raise(new DependencyDownError('away')),
    );
    await kit.push(...abc);
    await kit.pass(600_000);
    expect(kit.deadLetters.sent).toEqual([]);
    up = true;
    await kit.pass(60_000);
    expect(kit.lane.position).toBe(3);
  });

  test('for a dependency waits as a whole, and goes on as a whole, before what came meanwhile', async () => {
    const calls: string[] = [];
    let up = false;
    const kit = batchKit(async (records) => {
      calls.push(records.map(({ value }) => `${value}`).join(' '));
      return up ? records.map(({ value }) => ({ value })) : raise(new DependencyDownError('away'));
    });
    await kit.push(...abc);
    await kit.push(...createRecords({ offset: 3, value: 'c1' }));
    await kit.pass(60_000);
    expect(kit.metrics.waitingForDependency).toBe(1);
    expect(new Set(calls)).toEqual(new Set(['a1 b1 a2']));
    up = true;
    await kit.pass(10_000);
    expect(calls.slice(-2)).toEqual(['a1 b1 a2', 'c1']);
    expect(values(kit.outputs.sent)).toEqual(['a1', 'b1', 'a2', 'c1']);
    expect(kit.metrics.waitingForDependency).toBe(0);
  });

  test.each([['stop'], ['abort']] as const)('and waits for a dependency is left undone by a %s', async (how) => {
    const handle = vi.fn(async () => raise(new DependencyDownError('away')));
    const kit = batchKit(handle);
    await kit.push(...abc);
    const calls = handle.mock.calls.length;
    if (how === 'abort') kit.lane.abort('lost');
    await kit.lane.stop();
    await kit.pass(60_000);
    expect(handle).toHaveBeenCalledTimes(calls);
    expect([kit.lane.ended, kit.lane.firstUndone, kit.metrics.waitingForDependency]).toEqual([true, 0, 0]);
  });

  test('for a dependency that stays away too long is left undone', async () => {
    const kit = batchKit(async () => raise(new DependencyDownError('away')), {}, { dependencyPatienceMs: 1_000 });
    await kit.push(...abc);
    await kit.pass(10_000);
    expect([kit.lane.ended, kit.lane.firstUndone, kit.deadLetters.sent.length]).toEqual([true, 0, 0]);
  });

  test.each([['stop'], ['abort']] as const)('during a %s is left undone, and its handler left alone', async (how) => {
    const handle = vi.fn(async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return raise(new Error('whole'));
    });
    const kit = batchKit(handle);
    await kit.push(...abc);
    void (how === 'stop' ? kit.lane.stop() : kit.lane.abort('lost'));
    await kit.pass(1_000);
    expect(handle).toHaveBeenCalledTimes(1);
    expect(kit.lane.firstUndone).toBe(0);
  });
});

describe('results that no batch may have', () => {
  test('too few: those without one are dead, as a bug', async () => {
    const kit = batchKit(() => [{ value: 'only' }]);
    await kit.push(...abc);
    expect(values(kit.outputs.sent)).toEqual(['only']);
    expect(deaths(kit.deadLetters.sent)).toEqual(['HANDLER_FAILED 1 1', 'HANDLER_FAILED 2 1']);
    expect(kit.deadLetters.sent[0]?.record.headers['error.message']).toContain('returned 1 results, too few');
  });

  test.each([[undefined], [null], [42], ['abc'], [{}]])(
    '%j: every record is dead, and the lane lives on',
    async (none) => {
      const kit = batchKit(async () => none as unknown as readonly BatchResult[]);
      await kit.push(...abc);
      await kit.acknowledgeAll();
      expect(deaths(kit.deadLetters.sent)).toEqual([0, 1, 2].map((offset) => `HANDLER_FAILED ${offset} 1`));
      expect(kit.lane.position).toBe(3);
      await kit.lane.stop();
    },
  );
});
