import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { beforeTime, reach } from '../../../functions/hosts/shared/reach.ts';
import { StartupError } from '../../../functions/runtime/errors.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const brokers = ['one:9092', 'two:9092'];
const later = <Result>(ms: number, result: Result): Promise<Result> =>
  new Promise((resolve) => setTimeout(() => resolve(result), ms));
const silence = () => new Promise<never>(() => undefined);

/** How long it took to end, and the problems that it ended with. */
async function endOf(start: Promise<unknown>): Promise<{ ms: number; problems: readonly string[] }> {
  const startedAtMs = Date.now();
  const ended = start.then(
    () => ({ ms: Date.now() - startedAtMs, problems: [] }),
    (error: unknown) => {
      if (!(error instanceof StartupError && error.code === 'CLUSTER_UNREACHABLE')) throw error;
      return { ms: Date.now() - startedAtMs, problems: error.problems };
    },
  );
  await vi.advanceTimersByTimeAsync(200_000);
  return ended;
}

describe('reaching a cluster', () => {
  test('is tried again until it works', async () => {
    const attempt = vi
      .fn(async () => 'there')
      .mockRejectedValueOnce(new Error('no'))
      .mockRejectedValueOnce(new Error('no'));
    const reached = reach(attempt, brokers, 10_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await reached).toBe('there');
    expect(attempt).toHaveBeenCalledTimes(3);
  });

  test('ends after its time, with the reason and what to look at', async () => {
    const attempt = vi.fn(() => Promise.reject(new Error('connection refused')));
    const { problems } = await endOf(reach(attempt, brokers, 3_000));
    expect(problems).toEqual([
      'The cluster at one:9092,two:9092 did not answer as it should within 3000 ms (connection refused): ' +
        'check KAFKA_BOOTSTRAP_SERVERS, KAFKA_SECURITY, and that the cluster is up.',
    ]);
    expect(attempt).toHaveBeenCalledTimes(6); // every half second, the last with none to spare
  });

  test('is tried once, however short its time', async () => {
    expect(await reach(async () => 'there', brokers, 0)).toBe('there');
  });

  test.each([0, 1_000, 15_000, 80_000])('ends after %i ms though nothing is ever answered', async (timeoutMs) => {
    const { ms, problems } = await endOf(reach(silence, brokers, timeoutMs));
    expect(problems).toEqual([expect.stringContaining(`within ${timeoutMs} ms (no answer)`)]);
    expect(ms).toBeGreaterThan(timeoutMs - 500);
    expect(ms).toBeLessThanOrEqual(Math.max(1, timeoutMs));
  });

  test('gives up an attempt that is silent, as the next may reach a broker that is well', async () => {
    const attempt = vi.fn(async () => 'there').mockImplementationOnce(silence);
    const { ms, problems } = await endOf(reach(attempt, brokers, 15_000));
    expect({ ms, problems }).toEqual({ ms: 4_500, problems: [] });
  });

  test('has more patience with each attempt: a slow cluster is reached too', async () => {
    const attempt = vi.fn(() => later(10_000, 'there'));
    expect(await endOf(reach(attempt, brokers, 60_000))).toEqual({ ms: 4_500 + 8_500 + 10_000, problems: [] });
    expect(attempt).toHaveBeenCalledTimes(3);
  });

  test('closes what an attempt brings after it was given up, and nothing else', async () => {
    const discarded: string[] = [];
    const attempt = vi.fn(async () => 'in time').mockImplementationOnce(() => later(6_000, 'late'));
    const reached = reach(attempt, brokers, 15_000, (late) => discarded.push(late));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await reached).toBe('in time');
    expect(discarded).toEqual(['late']);
  });
});

describe('waiting until a time', () => {
  test('leaves no rejection behind that nobody handles', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    try {
      const failing = later(2_000, '').then(() => Promise.reject(new Error('late')));
      const waited = beforeTime(failing, Date.now() + 1_000, () => new Error('too late'));
      const ended = expect(waited).rejects.toThrow('too late');
      await vi.advanceTimersByTimeAsync(3_000);
      await ended;
      vi.useRealTimers();
      await later(20, undefined);
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });

  test('leaves no timer behind', async () => {
    await beforeTime(Promise.resolve(1), Date.now() + 60_000, () => new Error('too late'));
    expect(vi.getTimerCount()).toBe(0);
  });
});
