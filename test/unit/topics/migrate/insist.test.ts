import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CommandError } from '../../../../scripts/support/command.ts';
import { insist } from '../../../../scripts/support/insist.ts';
import { AwayError, coordinatorOf, wholeTopic } from '../../../../scripts/support/kafka/group-look.ts';
import { createFakeBroker } from './fake-broker.ts';

const pause = vi.hoisted(() => vi.fn<(ms: number) => Promise<void>>());
vi.mock('node:timers/promises', () => ({ setTimeout: pause }));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  pause.mockImplementation(async (ms) => void vi.setSystemTime(Date.now() + ms));
});
afterEach(() => vi.useRealTimers());

/** Attempts that fail so many times, each after so many milliseconds. */
function failing(times: number, error: Error, { progress = false, ms = 0 } = {}) {
  let tries = 0;
  const said: string[] = [];
  const attempt = async (progressed: () => void) => {
    tries += 1;
    if (progress) progressed();
    vi.setSystemTime(Date.now() + ms);
    if (tries <= times) throw error;
    return tries;
  };
  return { said, result: insist(attempt, (line) => said.push(line)), tries: () => tries };
}

test('a broker that is away for half a minute is waited for, whatever says so', async () => {
  for (const error of [new Error('the connection was lost'), new AwayError('no leader')]) {
    const { result, said } = failing(30, error);
    expect(await result).toBe(31);
    expect(said).toHaveLength(30);
    expect(said[0]).toBe(`again     ${error.message}`);
  }
});

test('after a minute without any progress it is told, with what to do', async () => {
  const { result, tries } = failing(1_000, new AwayError('no leader'));
  await expect(result).rejects.toThrow('did not do it for 60 s (no leader). Run this again');
  expect(tries()).toBe(61);
});

test('progress begins the minute anew, and so does an attempt that went on for a while', async () => {
  expect(await failing(200, new Error('lost'), { progress: true }).result).toBe(201);
  expect(await failing(200, new Error('lost'), { ms: 31_000 }).result).toBe(201);
});

test('what cannot pass is not tried again', async () => {
  const { result, tries } = failing(1, new CommandError('there is no topic'));
  await expect(result).rejects.toThrow('there is no topic');
  expect(tries()).toBe(1);
});

test('a leader or a coordinator that is away may come back; a topic that is not there does not', async () => {
  const broker = createFakeBroker();
  const facts = { bootstrap: [], clusterId: null, controllerId: 1, brokers: [] };
  const cluster = { nodes: new Map(), facts: { ...facts, topics: [broker.topic('a', 2)] } };
  expect(() => wholeTopic(cluster, 'a')).toThrow(AwayError);
  await expect(coordinatorOf(cluster, 'group')).rejects.toThrow(AwayError);
  const missing = (() => {
    try {
      return wholeTopic(cluster, 'b');
    } catch (error) {
      return error;
    }
  })();
  expect(missing).toBeInstanceOf(CommandError);
  expect(missing).not.toBeInstanceOf(AwayError);
});
