import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { createEvent } from '../../functions/hosts/lambda/testing.ts';
import { digestOf } from '../../functions/program.ts';
import type { InboundRecord } from '../../functions/runtime/contract.ts';
import { createRecord } from '../../functions/runtime/testing.ts';
import { createEnvironment, type Environment, type InvokeResult } from '../../scripts/event-source/environment.ts';
import type { Instruction } from '../fixtures/functions/instruction.ts';
import { buildFixtures } from '../support/fixture-bundle.ts';
import { readTopics } from '../support/ledger/reader.ts';
import { createRunTopics, type RunTopics } from '../support/ledger/topics.ts';
import type { TestBundle } from '../support/mutants.ts';
import { settingsOf, shippedBundle } from '../support/pipeline.ts';

// The function host under the real runtime client, called event by event. What becomes of each kind of record is asserted
// under test/conformance.

const bootstrapServers = inject('bootstrapServers');
let shipped: string;
let fixtures: TestBundle;
let topics: RunTopics;

beforeAll(async () => {
  shipped = await shippedBundle();
  fixtures = await buildFixtures(shipped);
  topics = await createRunTopics(bootstrapServers, { partitions: 4, deadLetterPartitions: 2 });
});
afterAll(() => fixtures.remove());

async function start(
  exportName: string,
  { env = {}, timeoutMs = 30_000, lines = [] as string[] }: Options = {},
): Promise<Environment> {
  const environment = await createEnvironment({
    bundle: exportName === 'processor' ? shipped : fixtures.path,
    exportName,
    env: { ...settingsOf(topics, bootstrapServers), ...env },
    timeoutMs,
    initTimeoutMs: 60_000,
    onLog: (line) => void lines.push(line),
  });
  onTestFinished(() => environment.close());
  return environment;
}

interface Options {
  readonly env?: Record<string, string>;
  readonly timeoutMs?: number;
  readonly lines?: string[];
}

function instruct(partition: number, offset: number, instruction: Instruction): InboundRecord {
  const value = JSON.stringify(instruction);
  return createRecord({ topic: topics.source, partition, offset, key: `k${partition}`, value });
}

function failures(result: InvokeResult): string[] {
  if (result.kind !== 'response') throw new Error(`${result.kind}: ${result.error.errorMessage}`);
  const { batchItemFailures } = JSON.parse(result.payload) as {
    batchItemFailures: { itemIdentifier: { partition: string; offset: number } }[];
  };
  return batchItemFailures.map(({ itemIdentifier: { partition, offset } }) => `${partition.slice(-1)}/${offset}`);
}

describe('the real runtime client', () => {
  test('starts the shipped bundle, which logs the digest of its file and takes an empty batch', async () => {
    const lines: string[] = [];
    const environment = await start('processor', { lines });
    expect(failures(await environment.invoke(createEvent([])))).toEqual([]); // an empty batch is done
    const line = lines.map((text) => JSON.parse(text)).find(({ msg }) => msg === 'Processor function starting');
    expect(line).toMatchObject({ digest: digestOf(shipped), source: 'market.raw', function: 'processor' });
  });

  test('is told every wrong setting while the function initialises', async () => {
    const env = { KAFKA_BOOTSTRAP_SERVERS: 'nowhere', LOG_LEVEL: 'loud', KAFKA_PASSWORD: 'hunter2' };
    const failed = await start('processor', { env }).catch((error: Error) => error.message);
    expect(failed).toContain("KAFKA_BOOTSTRAP_SERVERS is 'nowhere', but takes");
    expect(failed).toContain("LOG_LEVEL is 'loud', but takes");
    expect(failed).not.toContain('hunter2');
  });
});

describe('an environment', () => {
  test('reports what is undone by partition, lives through a forgotten promise, and works on after a freeze', async () => {
    const lines: string[] = [];
    const environment = await start('outcomes', { env: { DEPENDENCY_WAIT_MS: '0' }, lines });
    const down = { do: 'dependency down', id: 'lambda', ms: 3_000 };
    const first = await environment.invoke(
      createEvent([
        instruct(0, 0, { do: 'one', id: 'a' }),
        instruct(0, 1, down),
        instruct(0, 2, { do: 'one', id: 'c' }),
        instruct(1, 7, { do: 'forget a promise' }),
        instruct(1, 8, { do: 'unfit' }),
      ]),
    );
    expect(failures(first)).toEqual(['0/1', '0/2']);

    environment.freeze();
    await sleep(3_500);
    environment.thaw();
    const second = await environment.invoke(
      createEvent([instruct(0, 1, down), instruct(0, 2, { do: 'one', id: 'c' })], 'SelfManagedKafka'),
    );
    expect(failures(second)).toEqual([]);

    const { outputs, deadLetters } = await readTopics(
      bootstrapServers,
      { outputs: topics.output, deadLetters: topics.deadLetters },
      { keepValues: true },
    );
    const values = outputs.partitions.map((records) => records.map(({ value }) => String(value)));
    expect(values).toEqual([['a', 'lambda at try 1', 'c'], ['went on'], [], []]);
    expect(deadLetters.partitions.map((records) => records.length)).toEqual([0, 1]);
    const logged = lines.map((line) => JSON.parse(line));
    expect(logged).toContainEqual(expect.objectContaining({ msg: 'Unhandled rejection', error: 'forgotten promise' }));
    expect(logged.filter(({ msg }) => msg === 'Outcomes function starting')).toHaveLength(1);
    const warning = logged.find(({ msg }) => msg.startsWith('Records left undone'));
    expect(warning).toMatchObject({ records: 2, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });

  test('answers before its timeout when a handler does not', async () => {
    const environment = await start('stuck', { timeoutMs: 6_000, env: { DEADLINE_MARGIN_MS: '2000' } });
    const result = await environment.invoke(
      createEvent([instruct(2, 0, { do: 'wait' }), instruct(2, 1, { do: 'one' })]),
    );
    expect(failures(result)).toEqual(['2/0', '2/1']);
    expect(environment.alive).toBe(true);
  });

  test('fails an event that is no Kafka event, with what was expected, and takes the next', async () => {
    const environment = await start('outcomes');
    const result = await environment.invoke({ Records: [{ body: 'hello' }] });
    expect(result).toMatchObject({
      kind: 'error',
      error: { errorMessage: expect.stringMatching(/^A Kafka event was expected, .* its eventSource is undefined/) },
    });
    const good = createEvent([instruct(3, 0, { do: 'filter' })]);
    expect(failures(await environment.invoke(good))).toEqual([]);
    const [record] = good.records[`${topics.source}-3`] ?? [];
    const broken = { ...good, records: { x: [{ ...record, value: 'not base64!' }] } };
    expect(await environment.invoke(broken)).toMatchObject({ kind: 'error' });
  });

  test('reports everything undone while no broker answers', async () => {
    const env = { KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1', STARTUP_TIMEOUT_MS: '1000' };
    const environment = await start('outcomes', { env });
    const event = createEvent([instruct(0, 5, { do: 'one' }), instruct(1, 6, { do: 'one' })]);
    expect(failures(await environment.invoke(event))).toEqual(['0/5', '1/6']);
  });
});
