import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, inject, type TestContext, test } from 'vitest';
import { startEventSource } from '../../scripts/event-source/source.ts';
import { assertClean, describeVerdict, violationsOf } from '../support/ledger/format.ts';
import type { FindingKind } from '../support/ledger/verdict.ts';
import { buildTestBundle, type Fault } from '../support/mutants.ts';
import { configureTopic, createPipeline, type Pipeline, settingsOf, sharesOf } from '../support/pipeline.ts';

// Every oracle shown to fail, in every host that has brokers: the same seven bugs in the bundle, under a container and under a
// function behind the local event source. What one host has of a bug that the other has elsewhere is named for each.

type HostName = 'container' | 'function';

/** Whatever runs the bundle. */
interface Running {
  stop(): Promise<unknown>;
}

interface Ground {
  readonly pipeline: Pipeline;
  start(): Promise<Running>;
}

type Scenario = (ground: Ground) => Promise<void>;

const partitions = 4;
const functionTimeoutMs = 30_000;
/** Where it is to end before dead letters do not fail any more. */
const shortTimeoutMs = 6_000;
const failMs = 9_000;
const commitTimeoutMs = 90_000;

/** Records all at once, and then at a pace. */
const flow: Scenario = async ({ pipeline, start }) => {
  const writer = await pipeline.write({ rate: 400, keys: 8, count: 1_200, poison: { share: 0.05 } });
  await sleep(1_500);
  const running = await start();
  await writer.done;
  await pipeline.committed(commitTimeoutMs);
  await running.stop();
};

const deadLettersFail: Scenario = async ({ pipeline, start }) => {
  const { deadLetters } = pipeline.topics;
  await configureTopic(deadLetters, { 'max.message.bytes': '64' });
  const running = await start();
  const writer = await pipeline.write({ rate: 300, keys: 8, count: 300, poison: { share: 0.1 } });
  await writer.done;
  await sleep(failMs);
  await configureTopic(deadLetters, {});
  await pipeline.committed(commitTimeoutMs);
  await running.stop();
};

const join: Scenario = async ({ pipeline, start }) => {
  const first = await start();
  const writer = await pipeline.write({ rate: 300, keys: 8 });
  await sleep(2_000);
  const second = await start();
  await sleep(2_000);
  await writer.stop();
  await pipeline.committed(commitTimeoutMs);
  await Promise.all([first.stop(), second.stop()]);
};

interface Bug {
  readonly name: string;
  /** What the ledger must find, at least. */
  readonly found: readonly FindingKind[];
  readonly env?: Readonly<Record<string, string>>;
  readonly scenario: Scenario | Readonly<Record<HostName, Scenario>>;
  readonly fault: Fault | Readonly<Record<HostName, Fault>>;
}

// Commits come often and produce requests seldom: between the two is where a wrong commit shows.
const eager = { KAFKA_COMMIT_INTERVAL_MS: '20', KAFKA_LINGER_MS: '1000' };
// The timer hardly ever commits: only the drain does.
const lazy = { KAFKA_COMMIT_INTERVAL_MS: '20000' };
const outbox = 'functions/kafka/outbox.ts';

const bugs: readonly Bug[] = [
  {
    name: 'commit early',
    scenario: flow,
    env: eager,
    fault: {
      container: {
        file: 'functions/runtime/lane.ts',
        find: 'if (delivery.pending > 0) depart(delivery);',
        replace: 'if (delivery.pending > 0) { depart(delivery); tracker.finish(delivery); }',
      },
      // Its answer is the commit, and waits for what is under way.
      function: {
        file: 'functions/runtime/dispatch.ts',
        find: '  await ended.promise;\n',
        replace:
          '  if (lanes.length > 0) return { partitions: batches.map((one) => ({ ...one, firstUndone: undefined })), timedOut };\n' +
          '  await ended.promise;\n',
      },
    },
    found: ['commitsAhead'],
  },
  {
    name: 'drop a record',
    scenario: flow,
    fault: {
      container: {
        file: 'functions/hosts/container/host.ts',
        find: 'lane.push(batch.records, batch.bytes, batch.next);',
        replace: 'lane.push(batch.records.filter(({ offset }) => offset % 100 !== 50), batch.bytes, batch.next);',
      },
      function: {
        file: 'functions/hosts/lambda/event.ts',
        find: 'sorted.filter((record, index) => record.offset',
        replace: 'sorted.filter((record, index) => record.offset % 100 !== 50 && record.offset',
      },
    },
    found: ['lost', 'commitsAhead'],
  },
  {
    name: 'swap records',
    scenario: flow,
    fault: {
      file: 'functions/kafka/chunks.ts',
      find: 'return queue.waiting.splice(0, count);',
      replace: 'return queue.waiting.splice(0, count).reverse();',
    },
    found: ['reordered'],
  },
  {
    name: 'double a record',
    scenario: flow,
    fault: {
      file: outbox,
      find: 'queue.waiting.push({ record, receipt, owner, bytes: size });',
      replace:
        'const ignored = { acknowledged: () => undefined, refused: () => undefined };\n' +
        '    queue.waiting.push({ record, receipt, owner, bytes: size }, { record, receipt: ignored, owner, bytes: 0 });',
    },
    found: ['duplicates'],
  },
  {
    name: 'ignore a failed dead letter',
    scenario: deadLettersFail,
    fault: {
      file: outbox,
      find: 'if (only === undefined || options.mustDeliver) {',
      replace: 'if (options.mustDeliver) return acknowledge(queue);\n    if (only === undefined) {',
    },
    found: ['missingDead', 'commitsAhead'],
  },
  {
    name: 'skip the drain',
    env: lazy,
    // A container drains when partitions go; a function ends at its deadline, and says what it has not done.
    scenario: { container: join, function: deadLettersFail },
    fault: {
      container: {
        file: 'functions/hosts/container/host.ts',
        find: 'if (lanes.size === 0) return;\n    const startedMs',
        replace: 'if (lanes.size >= 0) return clear();\n    const startedMs',
      },
      function: {
        file: 'functions/runtime/dispatch.ts',
        find: 'firstUndone: records.find((record) => record.offset >= position)?.offset }',
        replace: 'firstUndone: lane?.ended ? records.find(({ offset }) => offset >= position)?.offset : undefined }',
      },
    },
    found: [],
  },
  {
    name: 'forget a header',
    scenario: flow,
    fault: {
      file: 'functions/runtime/delivery.ts',
      find: 'if (trace !== undefined) headers.traceparent = trace;',
      replace: '',
    },
    found: ['wrongBytes'],
  },
];

/** What skipping the drain comes to: a container does twice what it had done, a function never what it had not. */
const undrained: Readonly<Record<HostName, readonly FindingKind[]>> = {
  container: ['duplicates'],
  function: ['missingDead', 'commitsAhead'],
};

function isOf<One>(host: HostName, given: One | Readonly<Record<HostName, One>>): One {
  const byHost = given as Partial<Record<HostName, One>>;
  return byHost[host] ?? (given as One);
}

async function groundOf(
  host: HostName,
  env: Bug['env'],
  fault: Fault | undefined,
  scenario: Scenario,
  { onTestFinished }: TestContext,
): Promise<Ground> {
  const bundle = await buildTestBundle({ fault });
  onTestFinished(() => bundle.remove());
  const pipeline = await createPipeline({ partitions, bundle: bundle.path, onTestFinished, ...(env && { env }) });
  const bootstrapServers = inject('bootstrapServers');
  const settings = { ...settingsOf(pipeline.topics, bootstrapServers), ...env };
  const timeoutMs = scenario === deadLettersFail ? shortTimeoutMs : functionTimeoutMs;
  const mapping = {
    ...{ bootstrapServers, topic: pipeline.topics.source, groupId: pipeline.groupId, windowMs: 100 },
    function: { bundle: bundle.path, exportName: 'processor', env: settings, timeoutMs },
  };
  let started = 0;
  return {
    pipeline,
    async start() {
      started += 1;
      if (host === 'container') {
        const instance = pipeline.start();
        if (started === 1) await sharesOf([instance], partitions);
        return instance;
      }
      const source = await startEventSource(mapping);
      onTestFinished(() => void source.stop());
      return source;
    },
  };
}

describe.concurrent.each<HostName>(['container', 'function'])('%s', (host) => {
  test.for(bugs)('$name: the ledger says so', { timeout: 180_000 }, async (bug, context) => {
    const { name, scenario, env, fault, found } = bug;
    const staged = isOf(host, scenario);
    const ground = await groundOf(host, env, isOf(host, fault), staged, context);
    await staged(ground);
    const verdict = await ground.pipeline.verdict();
    const expected = name === 'skip the drain' ? undrained[host] : found;
    expect(violationsOf(verdict), describeVerdict(verdict)).toEqual(expect.arrayContaining([...expected]));
    expect(() => assertClean(verdict)).toThrow('The run is not clean.');
  });

  test.for([
    ['a flow', flow, eager, 0],
    ['dead letters that fail', deadLettersFail, {}, host === 'function' ? 10_000 : 0],
    ['a join', join, lazy, 0],
  ] as const)(
    'without a bug %s is clean',
    { timeout: 180_000 },
    async ([, scenario, env, allowDuplicates], context) => {
      const ground = await groundOf(host, env, undefined, scenario, context);
      await scenario(ground);
      assertClean(await ground.pipeline.verdict(), { allowDuplicates });
    },
  );
});
