import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { checkCluster, neededRights, sizeWarnings } from '../../../functions/hosts/shared/preflight.ts';
import type { ClusterInspector, Right, TopicFacts } from '../../../functions/kafka/port.ts';
import { StartupError } from '../../../functions/runtime/errors.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const brokers = ['one:9092', 'two:9092'];
const definition = { name: 'f', source: 'in', output: 'out', deadLetters: 'in.dlq' } as const;

/** A cluster with topics of so many partitions. */
function clusterOf(partitions: Record<string, number>, maxMessageBytes = 1_048_576): ClusterInspector {
  return {
    missingRights: async () => [],
    close: async () => undefined,
    async topicFacts(topics) {
      const known = topics.flatMap((topic): [string, TopicFacts][] => {
        const count = partitions[topic];
        return count === undefined ? [] : [[topic, { topic, partitions: count, maxMessageBytes }]];
      });
      return new Map(known);
    },
  };
}

/** Lets time pass until the promise has ended, and gives the problems that it ended with. */
async function problemsOf(start: Promise<unknown>): Promise<readonly string[]> {
  const ended = start.then(
    () => [],
    (error: unknown) => {
      if (error instanceof StartupError && error.code === 'CLUSTER_UNFIT') return error.problems;
      throw error;
    },
  );
  await vi.advanceTimersByTimeAsync(60_000);
  return ended;
}

describe('the check of a cluster', () => {
  test('gives the facts of a function’s topics', async () => {
    const topics = await checkCluster(clusterOf({ in: 60, out: 60, 'in.dlq': 12 }), definition, [], brokers, 1_000);
    expect(topics).toMatchObject({
      source: { partitions: 60 },
      output: { topic: 'out' },
      deadLetters: { partitions: 12 },
    });
  });

  test('asks for no output topic where there is none', async () => {
    const { output: _, ...silent } = definition;
    const topics = await checkCluster(clusterOf({ in: 60, 'in.dlq': 60 }), silent, [], brokers, 1_000);
    expect(topics.output).toBeUndefined();
  });

  test('names every right that is missing, and says nothing else then', async () => {
    const cluster = { ...clusterOf({}), missingRights: async (needed: readonly Right[]) => needed };
    const problems = await problemsOf(
      checkCluster(cluster, definition, neededRights(definition, 'g'), brokers, 15_000),
    );
    expect(problems.map((problem) => /deny it (.*?)\. Grant/.exec(problem)?.[1])).toEqual([
      'Read on topic in',
      'Write on topic out',
      'Write on topic in.dlq',
      'Read on group g',
    ]);
    // Somebody else reads for a function.
    expect(neededRights(definition).map(({ operation, name }) => `${operation} ${name}`)).toEqual([
      'Describe in',
      'Write out',
      'Write in.dlq',
    ]);
  });

  test('names every topic that is missing', async () => {
    const problems = await problemsOf(checkCluster(clusterOf({ out: 60 }), definition, [], brokers, 15_000));
    expect(problems).toEqual([
      'Topic in does not exist on one:9092,two:9092: create it, or correct its name.',
      'Topic in.dlq does not exist on one:9092,two:9092: create it, or correct its name.',
    ]);
  });

  test('looks again for a topic that was made a moment ago', async () => {
    const early = clusterOf({ in: 60, 'in.dlq': 12 });
    const late = clusterOf({ in: 60, out: 60, 'in.dlq': 12 });
    let asked = 0;
    const topicFacts: ClusterInspector['topicFacts'] = (topics) => {
      asked += 1;
      return (asked < 3 ? early : late).topicFacts(topics);
    };
    expect(await problemsOf(checkCluster({ ...early, topicFacts }, definition, [], brokers, 15_000))).toEqual([]);
    expect(asked).toBe(3);
  });

  test('names every count that breaks the order of a key', async () => {
    const cluster = clusterOf({ in: 60, out: 30, 'in.dlq': 7 });
    expect(await problemsOf(checkCluster(cluster, definition, [], brokers, 15_000))).toEqual([
      'Topic out has 30 partitions, but the order of a key from in (60) needs 60, as its source has: create it anew with that count.',
      'Topic in.dlq has 7 partitions, but the order of a key from in (60) needs a divisor of 60: create it anew with that count.',
    ]);
  });

  test.each([
    [30, 0],
    [60, 0],
    [1, 0],
    [7, 1],
    [120, 1],
  ])('lets an output of %i partitions divide those of its source, with %i problems', async (partitions, count) => {
    const divides = { ...definition, outputPartitions: 'divides' } as const;
    const cluster = clusterOf({ in: 60, out: partitions, 'in.dlq': 12 });
    expect(await problemsOf(checkCluster(cluster, divides, [], brokers, 15_000))).toHaveLength(count);
  });
});

describe('a warning about sizes', () => {
  const topic = (name: string, maxMessageBytes: number): TopicFacts => ({
    topic: name,
    partitions: 1,
    maxMessageBytes,
  });

  test('comes when a dead letter has no room for its headers', () => {
    const source = topic('in', 1_000_000);
    expect(sizeWarnings({ source, output: undefined, deadLetters: topic('in.dlq', 1_000_001) })).toEqual([]);
    expect(sizeWarnings({ source, output: undefined, deadLetters: topic('in.dlq', 1_000_000) })).toEqual([
      'Topic in.dlq takes 1000000 bytes, in 1000000: a dead letter of the largest size may only fit compressed. ' +
        'Give it 64 KB more (max.message.bytes).',
    ]);
  });

  test('comes when the note of a parked key has no room', () => {
    const topics = { source: topic('in', 1_000_000), output: undefined, deadLetters: topic('in.dlq', 1_000_001) };
    expect(sizeWarnings({ ...topics, parked: topic('in.dlq.parked', 1_000_001) })).toEqual([]);
    expect(sizeWarnings({ ...topics, parked: topic('in.dlq.parked', 1_000_000) })).toEqual([
      expect.stringMatching(/^Topic in\.dlq\.parked takes 1000000 bytes.* the note of a key of the largest size/),
    ]);
  });
});
