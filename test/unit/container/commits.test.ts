import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createCommitter } from '../../../functions/hosts/container/commits.ts';
import type { CommitResult, GroupMember } from '../../../functions/kafka/port.ts';
import type { Lane } from '../../../functions/runtime/lane-contract.ts';
import { createMetrics } from '../../../functions/runtime/metrics.ts';
import { createRecordingLogger } from '../../support/fakes.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A committer of two lanes whose positions the test sets, and a coordinator that answers when the test says so. */
function setUp() {
  const positions = new Map<number, number | undefined>([
    [3, undefined],
    [4, undefined],
  ]);
  const lanes = new Map([...positions.keys()].map((partition) => [partition, laneOf(partition, positions)]));
  const requests: { offsets: Record<string, number>; answer: (result: CommitResult) => Promise<void> }[] = [];
  const member: Pick<GroupMember, 'commit'> = {
    commit: (offsets) =>
      new Promise((resolve) => {
        requests.push({
          offsets: Object.fromEntries(offsets),
          async answer(result) {
            resolve(result);
            await vi.advanceTimersByTimeAsync(0);
          },
        });
      }),
  };
  const metrics = createMetrics();
  const log = createRecordingLogger();
  const committer = createCommitter(member as GroupMember, lanes, 200, metrics, log); // it only ever commits
  const offsets = (): Record<string, number>[] => requests.map((request) => request.offsets);
  return { committer, positions, requests, offsets, metrics, lines: log.lines };
}

function laneOf(partition: number, positions: ReadonlyMap<number, number | undefined>): Lane {
  const nothing = {
    start: 7,
    bufferedRecords: 0,
    bufferedBytes: 0,
    outstanding: 0,
    firstUndone: undefined,
    tries: 0,
    triesLater: false,
    ended: false,
  };
  const idle = { push: () => undefined, wake: () => undefined, stop: async () => undefined, abort: () => undefined };
  return {
    partition,
    ...nothing,
    ...idle,
    get position() {
      return positions.get(partition);
    },
  };
}

const tick = (): Promise<unknown> => vi.advanceTimersByTimeAsync(200);

describe('the committer', () => {
  test('commits the positions that moved, in one request, on its timer', async () => {
    const { positions, requests, offsets, metrics } = setUp();
    await tick();
    expect(offsets()).toEqual([]);
    positions.set(3, 10).set(4, 20);
    await tick();
    expect(offsets()).toEqual([{ 3: 10, 4: 20 }]);
    await requests[0]?.answer('committed');
    positions.set(4, 21);
    await tick();
    expect(offsets().slice(1)).toEqual([{ 4: 21 }]);
    expect(metrics.commits).toBe(1);
  });

  test('sends nothing twice, and never goes back', async () => {
    const { positions, requests, offsets } = setUp();
    positions.set(3, 10);
    await tick();
    await requests[0]?.answer('committed');
    positions.set(3, 9);
    await tick();
    await tick();
    expect(offsets()).toEqual([{ 3: 10 }]);
  });

  test('commits offset 0 as well', async () => {
    const { positions, offsets } = setUp();
    positions.set(3, 0);
    await tick();
    expect(offsets()).toEqual([{ 3: 0 }]);
  });

  test('has one request in flight; the next takes all that was done meanwhile', async () => {
    const { committer, positions, requests, offsets } = setUp();
    positions.set(3, 10);
    await tick();
    positions.set(3, 11);
    await tick();
    positions.set(3, 12);
    const flushed = committer.flush();
    await tick();
    expect(offsets()).toEqual([{ 3: 10 }]);
    await requests[0]?.answer('committed');
    expect(offsets()).toEqual([{ 3: 10 }, { 3: 12 }]);
    await requests[1]?.answer('committed');
    expect(await flushed).toBe(true);
  });

  test('counts the records that are done and not committed, of a partition without a commit from its first one', async () => {
    const { committer, positions, requests } = setUp();
    expect(committer.owed()).toBe(0);
    positions.set(3, 10).set(4, 20);
    expect(committer.owed()).toBe(3 + 13);
    await tick();
    positions.set(3, 12);
    expect(committer.owed()).toBe(5 + 13);
    await requests[0]?.answer('committed');
    expect(committer.owed()).toBe(2);
    committer.moved(4, 2); // further back: what is done counts from there
    expect(committer.owed()).toBe(2);
    positions.set(4, 6);
    expect(committer.owed()).toBe(2 + 4);
    committer.moved(3, 500); // and further ahead
    expect(committer.owed()).toBe(4);
    positions.set(3, 503);
    expect(committer.owed()).toBe(3 + 4);
  });

  test('tries again what failed', async () => {
    const { committer, positions, requests, offsets, metrics } = setUp();
    positions.set(3, 10);
    const flushed = committer.flush();
    await vi.advanceTimersByTimeAsync(0);
    await requests[0]?.answer(new Error('no coordinator'));
    expect(await flushed).toBe(false);
    await tick();
    expect(offsets()).toEqual([{ 3: 10 }, { 3: 10 }]);
    expect(metrics).toMatchObject({ commits: 0, commitsRefused: 0 });
  });

  test('says once that commits fail, and why, counts each, and says so again after one was taken', async () => {
    const { committer, positions, requests, metrics, lines } = setUp();
    const said = () => lines.map(({ level, message, fields }) => `${level} ${message} ${fields.error}`);
    const once = 'warn Commits fail: tried until one is taken no coordinator';
    positions.set(3, 10);
    for (let index = 0; index < 3; index += 1) {
      await tick();
      await requests[index]?.answer(new Error('no coordinator'));
    }
    expect([said(), metrics.commitsFailed, committer.failing]).toEqual([[once], 3, 'no coordinator']);
    await tick();
    await requests[3]?.answer('committed');
    expect(committer.failing).toBeUndefined();
    positions.set(3, 11);
    await tick();
    await requests[4]?.answer(new Error('no coordinator'));
    expect([said(), metrics.commitsFailed]).toEqual([[once, once], 4]);
  });

  test('with other partitions, or none, nothing fails any more until something does', async () => {
    const { committer, positions, requests, lines } = setUp();
    positions.set(3, 10);
    await tick();
    await requests[0]?.answer(new Error('no coordinator'));
    positions.clear();
    committer.reset();
    expect(committer.failing).toBeUndefined();
    positions.set(4, 1);
    await tick();
    await requests[1]?.answer(new Error('no coordinator'));
    expect(lines).toHaveLength(2);
  });

  test('says once in an assignment that it was refused, and counts each', async () => {
    const { committer, positions, requests, metrics, lines } = setUp();
    positions.set(3, 10);
    const flushed = committer.flush();
    await vi.advanceTimersByTimeAsync(0);
    await requests[0]?.answer('refused');
    expect(await flushed).toBe(false);
    expect(metrics).toMatchObject({ commits: 0, commitsRefused: 1 });
    expect(lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
      'warn Commit refused: the group has given these partitions to others',
    ]);
    await tick();
    await requests[1]?.answer('refused');
    expect([lines.length, metrics.commitsRefused]).toEqual([1, 2]);
    committer.reset();
    await tick();
    await requests[2]?.answer('refused');
    expect([lines.length, metrics.commitsRefused]).toEqual([2, 3]);
  });

  test('has nothing to commit, and is done at once', async () => {
    expect(await setUp().committer.flush()).toBe(true);
  });

  test('starts anew with an assignment: what was committed before says nothing about it', async () => {
    const { committer, positions, requests, offsets } = setUp();
    positions.set(3, 10);
    await tick();
    await requests[0]?.answer('committed');
    committer.reset();
    positions.set(3, 7);
    await tick();
    expect(offsets().slice(1)).toEqual([{ 3: 7 }]);
  });

  test('takes no answer from before an assignment for one about it', async () => {
    const { committer, positions, requests, offsets, metrics } = setUp();
    positions.set(3, 10);
    const flushed = committer.flush();
    await vi.advanceTimersByTimeAsync(0);
    committer.reset();
    positions.set(3, 5);
    await requests[0]?.answer('committed');
    expect(await flushed).toBe(false);
    expect(metrics.commits).toBe(0);
    await tick();
    expect(offsets().slice(1)).toEqual([{ 3: 5 }]);
  });

  test('stops its timer, and still commits when asked', async () => {
    const { committer, positions, offsets } = setUp();
    committer.stop();
    positions.set(3, 10);
    await tick();
    expect(offsets()).toEqual([]);
    void committer.flush();
    await vi.advanceTimersByTimeAsync(0);
    expect(offsets()).toEqual([{ 3: 10 }]);
  });
});

describe('commits that intervals left', () => {
  /** Something more is done, and two milliseconds pass. */
  async function burst({ committer, positions, requests }: ReturnType<typeof setUp>, position: number): Promise<void> {
    positions.set(3, position);
    for (let record = 0; record < 5; record += 1) committer.progressed();
    await vi.advanceTimersByTimeAsync(2);
    await requests[position - 1]?.answer('committed');
  }

  test('go right after progress, one each, three at most; then the timer is waited for', async () => {
    const all = setUp();
    for (let idle = 0; idle < 10; idle += 1) await tick();
    for (const position of [1, 2, 3, 4]) await burst(all, position);
    expect(all.offsets()).toEqual([{ 3: 1 }, { 3: 2 }, { 3: 3 }]);
    await tick();
    expect(all.offsets().slice(3)).toEqual([{ 3: 4 }]);
  });

  test('wait for the answer to the one before, and then take what was done meanwhile', async () => {
    const all = setUp();
    for (let idle = 0; idle < 3; idle += 1) await tick();
    await burst({ ...all, requests: [] }, 1);
    for (const position of [2, 3, 4]) await burst({ ...all, requests: [] }, position);
    expect(all.offsets()).toEqual([{ 3: 1 }]);
    await all.requests[0]?.answer('committed');
    await vi.advanceTimersByTimeAsync(2);
    expect(all.offsets()).toEqual([{ 3: 1 }, { 3: 4 }]);
    await all.requests[1]?.answer('committed');
    await burst(all, 5);
    expect(all.offsets().slice(2)).toEqual([{ 3: 5 }]);
  });

  test('are not spent while the commit of the interval is under way', async () => {
    const all = setUp();
    await tick();
    await vi.advanceTimersByTimeAsync(199);
    all.positions.set(3, 1);
    all.committer.progressed();
    await vi.advanceTimersByTimeAsync(2);
    await all.requests[0]?.answer('committed');
    await burst(all, 2);
    expect(all.offsets()).toEqual([{ 3: 1 }, { 3: 2 }]);
  });

  test('are none where each interval has something to commit', async () => {
    const all = setUp();
    for (const position of [1, 2, 3]) {
      all.positions.set(3, position);
      await tick();
      await all.requests[position - 1]?.answer('committed');
    }
    await burst(all, 4);
    expect(all.offsets()).toHaveLength(3);
  });

  test('are not spent on nothing, nor once a commit was not taken, nor after the end', async () => {
    const all = setUp();
    await tick();
    all.committer.progressed();
    await vi.advanceTimersByTimeAsync(100);
    await burst(all, 1);
    expect(all.offsets()).toEqual([{ 3: 1 }]);

    for (const refusal of [new Error('no coordinator'), 'refused', 'denied'] as const) {
      const failing = setUp();
      for (let idle = 0; idle < 3; idle += 1) await tick();
      failing.positions.set(3, 1);
      failing.committer.progressed();
      await vi.advanceTimersByTimeAsync(2);
      await failing.requests[0]?.answer(refusal);
      await burst(failing, 2);
      expect(failing.offsets()).toHaveLength(1);
    }
    const over = setUp();
    await tick();
    over.committer.stop();
    over.positions.set(3, 1);
    over.committer.progressed();
    await tick();
    expect(over.offsets()).toEqual([]);
  });
});

describe('a partition that was moved', () => {
  test('is committed where it goes on, before anything of it is done', async () => {
    const { committer, requests, offsets } = setUp();
    committer.moved(3, 40);
    void committer.flush();
    await vi.advanceTimersByTimeAsync(0);
    expect(offsets()).toEqual([{ 3: 40 }]);
    await requests[0]?.answer('committed');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(offsets()).toHaveLength(1);
  });

  test('back in the topic is committed behind what was committed before', async () => {
    const { committer, positions, requests, offsets } = setUp();
    positions.set(3, 1_000);
    await vi.advanceTimersByTimeAsync(200);
    await requests[0]?.answer('committed');
    committer.moved(3, 0);
    await vi.advanceTimersByTimeAsync(200);
    await requests[1]?.answer('committed');
    positions.set(3, 7);
    await vi.advanceTimersByTimeAsync(200);
    expect(offsets()).toEqual([{ 3: 1_000 }, { 3: 0 }, { 3: 7 }]);
  });
});
