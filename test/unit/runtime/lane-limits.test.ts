import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RetryableError } from '../../../functions/runtime/errors.ts';
import { createRecords } from '../../support/fakes.ts';
import { batchKit, recordKit, values } from './lane-kit.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const six = createRecords({}, {}, {}, {}, {}, {});

describe('a lane hands out', () => {
  test('no more than may be outstanding, and goes on as records are done', async () => {
    const kit = recordKit(() => ({ value: 'x' }), {}, { maxOutstanding: 2 });
    await kit.push(...six);
    expect(kit.outputs.sent).toHaveLength(2);
    expect(kit.lane.bufferedRecords).toBe(4);

    kit.outputs.acknowledge(1);
    await kit.pass(0);
    expect(kit.outputs.sent).toHaveLength(3);
    expect(kit.lane.outstanding).toBe(2);
  });

  test('no more than may be outstanding behind a stuck record either', async () => {
    const kit = recordKit(
      ({ offset }) => (offset === 0 ? new Promise(() => undefined) : undefined),
      {},
      { maxOutstanding: 3 },
    );
    await kit.push(...createRecords({ key: 'a' }, { key: 'b' }, { key: 'b' }, { key: 'b' }, { key: 'b' }));
    expect(kit.lane.outstanding).toBe(3);
    expect(kit.lane.bufferedRecords).toBe(2);
  });

  test('no larger batch than may be outstanding', async () => {
    const sizes: number[] = [];
    const kit = batchKit(
      (records) => {
        sizes.push(records.length);
        return records.map(() => ({ value: 'x' }));
      },
      {},
      { maxOutstanding: 4 },
    );
    await kit.push(...six);
    expect(sizes).toEqual([4]);
    await kit.acknowledgeAll();
    expect(sizes).toEqual([4, 2]);
  });

  test.each(['outputs', 'deadLetters'] as const)('nothing while the %s are full', async (name) => {
    const kit = recordKit(() => ({ value: 'x' }));
    kit[name].full = true;
    await kit.push(...six);
    expect(kit.outputs.sent).toEqual([]);

    kit[name].full = false;
    kit.lane.wake();
    kit.scheduler.run();
    expect(kit.outputs.sent).toHaveLength(6);
  });

  test('nothing while its membership is in doubt, and all of it after', async () => {
    let trusted = false;
    const kit = recordKit(() => ({ value: 'x' }), {}, { mayWork: () => trusted });
    await kit.push(...six);
    expect(kit.outputs.sent).toEqual([]);

    trusted = true;
    kit.lane.wake();
    kit.scheduler.run();
    expect(kit.outputs.sent).toHaveLength(6);
  });

  test('no second try either while its membership is in doubt', async () => {
    let trusted = true;
    const handle = ({ value }: { value: Buffer | null }, { attempt }: { attempt: number }) => {
      if (attempt === 1 && `${value}` === 'a1') throw new RetryableError('later');
      return { value };
    };
    const kit = recordKit(handle, {}, { mayWork: () => trusted });
    await kit.push(...createRecords({ key: 'a', value: 'a1' }, { key: 'a', value: 'a2' }));
    trusted = false;
    await kit.pass(60_000);
    expect(kit.outputs.sent).toEqual([]);

    trusted = true;
    await kit.pass(1_000);
    expect(values(kit.outputs.sent)).toEqual(['a1', 'a2']);
  });

  test('a turn at a time: when it is over, it says that it has more to do', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const kit = recordKit(() => {
      now += 1;
      return undefined;
    });
    const runs: boolean[] = [];
    kit.scheduler.schedule = (task) => {
      runs.push(task.run(now + 5));
    };
    await kit.push(...createRecords(...Array.from({ length: 40 }, () => ({}))));
    expect(runs).toEqual([true]); // 5 ms are over after 5 records; the clock is read every 8
    expect(kit.lane.position).toBe(8);
    vi.restoreAllMocks();
  });

  test('tells whoever asked that it has made progress', async () => {
    const onProgress = vi.fn();
    const kit = recordKit(() => ({ value: 'x' }), {}, { onProgress });
    await kit.push(...createRecords({}));
    expect(onProgress).toHaveBeenCalledTimes(1);
    await kit.acknowledgeAll();
    expect(onProgress).toHaveBeenCalledTimes(2);
  });
});

describe('what a lane holds', () => {
  test('is counted in records and bytes until it is handed out', async () => {
    const kit = recordKit(() => undefined, {}, { maxOutstanding: 0 });
    kit.lane.push(six, 600);
    expect(kit.lane.bufferedRecords).toBe(6);
    expect(kit.lane.bufferedBytes).toBe(600);
    expect(kit.lane.firstUndone).toBe(0);
  });
});
