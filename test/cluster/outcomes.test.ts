import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type OutcomeCase, outcomeCases } from '../conformance/outcome-cases.ts';
import { buildFixtures } from '../support/fixture-bundle.ts';
import type { EndOfTest, Exit, Instance } from '../support/instance.ts';
import { headerOf, type LoggedRecord, type TopicLog } from '../support/ledger/log.ts';
import { readTopics } from '../support/ledger/reader.ts';
import type { TestBundle } from '../support/mutants.ts';
import { createPipeline, type Pipeline, shippedBundle, writeRecords } from '../support/pipeline.ts';
import { parseMetrics, type Sample, total } from './prometheus.ts';

// What becomes of each record is asserted for all hosts under test/conformance. This is what only a container has.

const ends: EndOfTest[] = [];
let bundle: TestBundle;
let pipeline: Pipeline;
let instance: Instance;
let metrics: Sample[];
let exit: Exit;
let logs: Record<'source' | 'output' | 'deadLetters', TopicLog>;

beforeAll(async () => {
  bundle = await buildFixtures(await shippedBundle());
  const onTestFinished = (end: EndOfTest) => void ends.push(end);
  pipeline = await createPipeline({
    functionName: 'outcomes',
    bundle: bundle.path,
    deadLetterPartitions: 2,
    onTestFinished,
  });
  await write(outcomeCases);
  instance = pipeline.start();
  await pipeline.committed();
  await instance.line('Unhandled rejection');
  metrics = parseMetrics(await (await instance.get('/metrics')).text());
  exit = await instance.stop();
  logs = await readTopics(inject('bootstrapServers'), pipeline.topics, { keepValues: true });
});

afterAll(async () => {
  for (const end of ends) await end({ task: {} });
  bundle.remove();
});

function write(cases: readonly OutcomeCase[]): Promise<void> {
  const messages = cases.flatMap(({ name, records, partition = 0, key = Buffer.from(name), headers = {} }) =>
    records.map((record) => ({ key, value: JSON.stringify(record), partition, headers: { ...headers, case: name } })),
  );
  return writeRecords(pipeline.topics.source, messages);
}

/** The source record that a `source` header, or the `error.*` headers, point at. */
function causeOf(record: LoggedRecord): LoggedRecord {
  const [topic, partition, offset] =
    headerOf(record, 'source')?.split('/') ??
    ['error.topic', 'error.partition', 'error.offset'].map((name) => headerOf(record, name));
  const cause = logs.source.partitions[Number(partition)]?.[Number(offset)];
  if (topic !== pipeline.topics.source || !cause) throw new Error(`no source ${topic}/${partition}/${offset}`);
  return cause;
}

/** All that this case led to, in the order of the topic. */
function resultsOf(log: TopicLog, { name }: OutcomeCase): LoggedRecord[] {
  return log.partitions.flat().filter((record) => headerOf(causeOf(record), 'case') === name);
}

const caseOf = (name: string): OutcomeCase => {
  const found = outcomeCases.find((one) => one.name === name);
  if (!found) throw new Error(`there is no case '${name}'`);
  return found;
};

/** Where in its partition the case's first output stands. */
const placeOf = (name: string): number => resultsOf(logs.output, caseOf(name))[0]?.offset ?? Number.NaN;

test('a record that waits holds up its own key and no other, and a dependency all of the partition', () => {
  expect(placeOf('and no other key')).toBeLessThan(placeOf('a retry that succeeds holds up its key'));
  expect(placeOf('overlap with those of another')).toBeLessThan(placeOf('promises of a key'));
  const down = 'a dependency that is down is waited for';
  expect(placeOf('by all of its partition')).toBeGreaterThan(placeOf(down));
  const [first] = resultsOf(logs.output, caseOf(down));
  const startedAtMs = Date.parse(String(instance.lines[0]?.time));
  expect((first?.timestampMs ?? 0) - startedAtMs).toBeGreaterThanOrEqual(2_000);
});

test('dead letters go to the partition of their input modulo the count of their topic', () => {
  for (const [partition, records] of logs.deadLetters.partitions.entries()) {
    for (const letter of records) expect(Number(headerOf(letter, 'error.partition')) % 2).toBe(partition);
  }
});

test('inputs = outputs + dead letters + filtered, in the metrics as in the topics', () => {
  const inputs = outcomeCases.flatMap(({ records }) => records).length;
  expect(logs.source.partitions.flat()).toHaveLength(inputs);
  expect(total(metrics, 'hft_records_in_total')).toBe(inputs);
  expect(total(metrics, 'hft_records_out_total')).toBe(logs.output.partitions.flat().length);
  expect(total(metrics, 'hft_records_filtered_total')).toBe(3);
  expect(total(metrics, 'hft_records_dead_total', { code: 'RETRIES_EXHAUSTED' })).toBe(2);
  expect(total(metrics, 'hft_records_dead_total')).toBe(logs.deadLetters.partitions.flat().length);
  expect(total(metrics, 'hft_retries_total')).toBe(2 + 1 + 3 + 3 + 3);
  expect(total(metrics, 'hft_lag_records')).toBe(0);
});

test('the process lives through all of it, and its log says what happened', () => {
  expect(exit).toEqual({ code: 0, signal: null });
  expect(instance.stderr).toBe('');
  expect(instance.lines).toContainEqual(
    expect.objectContaining({ msg: 'Unhandled rejection', error: 'forgotten promise' }),
  );
  const place = { topic: pipeline.topics.source, partition: 0, offset: expect.any(Number), attempt: 1, own: 'field' };
  expect(instance.lines).toContainEqual(expect.objectContaining({ msg: 'a line of the handler', ...place }));
  expect(instance.lines.filter(({ msg }) => msg.startsWith('A dependency is down')).length).toBeGreaterThan(1);
  expect(instance.lines.at(-2)).toMatchObject({ msg: 'Resources closed' });
});
