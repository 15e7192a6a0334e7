import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { assertClean, describeVerdict, violationsOf } from '../support/ledger/format.ts';
import type { FindingKind } from '../support/ledger/verdict.ts';
import { buildTestBundle, type Fault } from '../support/mutants.ts';
import { configureTopic, createPipeline, type Pipeline, sharesOf } from '../support/pipeline.ts';

// Who guards the guards: each bug that the tests beside this file promise to find is put in, and must be found.

const partitions = 4;

type Scenario = (pipeline: Pipeline) => Promise<void>;

/** All records at once, to one instance. */
const backlog: Scenario = async (pipeline) => {
  const writer = await pipeline.write({ rate: Number.POSITIVE_INFINITY, keys: 8, count: 600, poison: { share: 0.05 } });
  await writer.done;
  const instance = pipeline.start();
  await pipeline.committed();
  await instance.stop();
};

const kill: Scenario = async (pipeline) => {
  const [victim] = await pipeline.startAll(1);
  const writer = await pipeline.write({ rate: 300, keys: 8, poison: { share: 0.05 } });
  await sleep(2_000);
  await victim?.kill();
  await writer.stop();
  const [next] = await pipeline.startAll(1);
  await pipeline.committed();
  await next?.stop();
};

const join: Scenario = async (pipeline) => {
  const first = await pipeline.startAll(1);
  const writer = await pipeline.write({ rate: 300, keys: 8 });
  await sleep(1_500);
  const both = [...first, pipeline.start()];
  await sharesOf(both, partitions);
  await sleep(500);
  await writer.stop();
  await pipeline.committed();
  await Promise.all(both.map((instance) => instance.stop()));
};

const failingDeadLetters: Scenario = async (pipeline) => {
  const { deadLetters } = pipeline.topics;
  await configureTopic(deadLetters, { 'max.message.bytes': '64' });
  const instance = pipeline.start();
  const writer = await pipeline.write({ rate: 300, keys: 8, count: 300, poison: { share: 0.1 } });
  await instance.line('Record goes to the dead-letter topic');
  await writer.done;
  await sleep(1_000);
  await configureTopic(deadLetters, {});
  await pipeline.committed();
  await instance.stop();
};

interface Mutant {
  readonly name: string;
  readonly scenario: Scenario;
  readonly env?: Readonly<Record<string, string>>;
  readonly fault?: Fault;
  /** What the ledger must find, at least; nothing, and no more than so many duplicates, without a fault. */
  readonly found?: readonly FindingKind[];
  readonly allowDuplicates?: number;
}

// Commits come often and produce requests seldom: between the two is where a wrong commit shows.
const eager = { KAFKA_COMMIT_INTERVAL_MS: '20', KAFKA_LINGER_MS: '1000', KAFKA_SESSION_TIMEOUT_MS: '6000' };
// The timer hardly ever commits: only the drain does.
const lazy = { KAFKA_COMMIT_INTERVAL_MS: '20000' };

const mutants: readonly Mutant[] = [
  { name: 'without a fault: a kill', scenario: kill, env: eager, allowDuplicates: 600 },
  {
    name: 'done before the brokers have it',
    scenario: kill,
    env: eager,
    fault: {
      file: 'functions/runtime/lane.ts',
      find: 'if (delivery.pending > 0) depart(delivery);',
      replace: 'if (delivery.pending > 0) { depart(delivery); tracker.finish(delivery); }',
    },
    // Whether the kill falls between such a commit and its outputs, and so loses some, is luck.
    found: ['commitsAhead'],
  },
  {
    name: 'a record dropped',
    scenario: backlog,
    fault: {
      file: 'functions/hosts/container/host.ts',
      find: 'lane.push(batch.records, batch.bytes, batch.next);',
      replace: 'lane.push(batch.records.filter(({ offset }) => offset % 100 !== 50), batch.bytes, batch.next);',
    },
    found: ['lost', 'commitsAhead'],
  },
  {
    name: 'records swapped',
    scenario: backlog,
    fault: {
      file: 'functions/kafka/chunks.ts',
      find: 'return queue.waiting.splice(0, count);',
      replace: 'return queue.waiting.splice(0, count).reverse();',
    },
    found: ['reordered'],
  },
  {
    name: 'a failed dead letter ignored',
    scenario: failingDeadLetters,
    fault: {
      file: 'functions/kafka/outbox.ts',
      find: 'if (only === undefined || options.mustDeliver) {',
      replace: 'if (options.mustDeliver) return acknowledge(queue);\n    if (only === undefined) {',
    },
    found: ['missingDead', 'commitsAhead'],
  },
  { name: 'without a fault: a join', scenario: join, env: lazy, allowDuplicates: 0 },
  {
    name: 'no drain before partitions go',
    scenario: join,
    env: lazy,
    fault: {
      file: 'functions/hosts/container/host.ts',
      find: 'if (lanes.size === 0) return;\n    const startedMs',
      replace: 'if (lanes.size >= 0) return clear();\n    const startedMs',
    },
    found: ['duplicates'],
  },
];

describe.concurrent('the ledger says what is wrong', () => {
  test.for(mutants)('$name', async ({ scenario, env, fault, found, allowDuplicates }, { onTestFinished }) => {
    const bundle = await buildTestBundle({ fault });
    onTestFinished(() => bundle.remove());
    const pipeline = await createPipeline({ partitions, bundle: bundle.path, onTestFinished, ...(env && { env }) });

    await scenario(pipeline);

    const verdict = await pipeline.verdict();
    if (found === undefined) {
      assertClean(verdict, { allowDuplicates: allowDuplicates ?? 0 });
    } else {
      expect(violationsOf(verdict), describeVerdict(verdict)).toEqual(expect.arrayContaining([...found]));
      expect(() => assertClean(verdict)).toThrow('The run is not clean.');
    }
  });

  test('a fault that no longer fits its file is an error', async () => {
    const file = 'functions/runtime/lane.ts';
    const build = (fault: Fault) => buildTestBundle({ fault });
    await expect(build({ file, find: 'no such text', replace: '' })).rejects.toThrow('0 times, not once');
    await expect(build({ file: 'functions/nothing.ts', find: '', replace: '' })).rejects.toThrow(
      'no part of this bundle',
    );
  });
});
