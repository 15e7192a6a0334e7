import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { buildFixtures } from '../support/fixture-bundle.ts';
import { assertClean } from '../support/ledger/format.ts';
import { headerOf } from '../support/ledger/log.ts';
import { readTopics } from '../support/ledger/reader.ts';
import type { TestBundle } from '../support/mutants.ts';
import { createPipeline, type Pipeline, shippedBundle, writeRecords } from '../support/pipeline.ts';

let bundle: TestBundle;

beforeAll(async () => {
  bundle = await buildFixtures(await shippedBundle());
});
afterAll(() => bundle.remove());

const pipelineOf = (functionName: string, env: Readonly<Record<string, string>> = {}): Promise<Pipeline> =>
  createPipeline({ functionName, bundle: bundle.path, partitions: 2, env });

function write(topic: string, records: readonly { partition: number; key: string; value: object }[]): Promise<void> {
  return writeRecords(
    topic,
    records.map((record) => ({ ...record, value: JSON.stringify(record.value) })),
  );
}

const valuesOf = async ({ topics }: Pipeline): Promise<string[][]> => {
  const { outputs } = await readTopics(inject('bootstrapServers'), { outputs: topics.output }, { keepValues: true });
  return outputs.partitions.map((records) => records.map(({ value }) => String(value)));
};

describe('SIGTERM', () => {
  test('lets a slow handler end, commits what it did, and begins no other', async () => {
    const pipeline = await pipelineOf('slow');
    const [first] = await pipeline.startAll(1);
    await (await pipeline.write({ rate: 1_000, keys: 1, count: 3 })).done;
    await first?.line('Slow handler begins');

    expect(await first?.stop()).toEqual({ code: 0, signal: null });
    expect(first?.lines.filter(({ msg }) => msg === 'Slow handler begins')).toHaveLength(1);
    expect(await pipeline.verdict()).toMatchObject({ counts: { distinctOutputs: 1 }, uncommitted: 2 });

    const next = pipeline.start();
    await pipeline.committed();
    await next.stop();
    assertClean(await pipeline.verdict(), { allowDuplicates: 0, allowUncommitted: 0 });
  });

  test('abandons at the deadline a handler that does not end, and leaves its record undone', async () => {
    const pipeline = await pipelineOf('stuck', { DRAIN_DEADLINE_MS: '1000' });
    const [instance] = await pipeline.startAll(1);
    await (await pipeline.write({ rate: 1_000, keys: 1, count: 2 })).done;
    await instance?.line('Stuck handler begins');

    expect(await instance?.stop()).toEqual({ code: 0, signal: null });
    await instance?.line('Drain ended at its deadline');
    const { counts, uncommitted } = await pipeline.verdict();
    expect({ ...counts, uncommitted }).toMatchObject({ outputs: 0, deadLetters: 0, commits: 0, uncommitted: 2 });
  });
});

test('with order per partition, outputs come in the order of records, however long each takes', async () => {
  const pipeline = await pipelineOf('orderly');
  const records = Array.from({ length: 20 }, (_, index) => ({
    partition: index % 2,
    key: `key ${index % 6}`,
    value: { do: 'wait', id: String(index), ms: (20 - index) * 5 },
  }));
  await write(pipeline.topics.source, records);
  const instance = pipeline.start();
  await pipeline.committed();
  await instance.stop();

  const due = [0, 1].map((rest) => records.filter(({ partition }) => partition === rest).map(({ value }) => value.id));
  expect(await valuesOf(pipeline)).toEqual(due);
});

test('a bad record of a batch dies alone; a batch that fails is tried record by record', async () => {
  const pipeline = await pipelineOf('batches');
  const acts = ['good', 'bad', 'once more', 'good', 'filter'];
  const record = (partition: number) => (act: string, index: number) => ({
    partition,
    key: `key ${index}`,
    value: { do: act, id: `${act} ${index}` },
  });
  await write(pipeline.topics.source, [...acts.map(record(0)), ...['good', 'explode', 'good'].map(record(1))]);
  const instance = pipeline.start();
  await pipeline.committed();
  await instance.stop();

  const [together, alone] = await valuesOf(pipeline);
  // The retried one is alone at its second try, and so goes behind those of other keys.
  expect(together).toEqual(['good 0 of 5', 'good 3 of 5', 'once more 2 of 1']);
  expect(alone).toEqual(['good 0 of 1', 'good 2 of 1']);
  const { letters } = await readTopics(inject('bootstrapServers'), { letters: pipeline.topics.deadLetters });
  expect(
    letters.partitions.flat().map((letter) => [headerOf(letter, 'error.code'), headerOf(letter, 'error.message')]),
  ).toEqual([
    ['CONTRACT_VIOLATED', 'bad among good'],
    ['HANDLER_FAILED', 'exploded'],
  ]);
});
