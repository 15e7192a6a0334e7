import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { kafkajsPort } from '../../functions/kafka/kafkajs/port.ts';
import type { Producer } from '../../functions/kafka/port.ts';
import { Reader } from '../../functions/kafka/wire/reader.ts';
import type { OutboundRecord } from '../../functions/runtime/publisher.ts';
import { fetchRound } from '../../scripts/support/kafka/fetch-round.ts';
import { wholeTopic, withCluster } from '../../scripts/support/kafka/group-look.ts';
import type { RawRecord } from '../../scripts/support/kafka/raw-records.ts';
import { bomb, hostileRecords } from '../support/hostile.ts';
import type { EndOfTest, Exit, Instance } from '../support/instance.ts';
import { createPipeline, type Pipeline, shippedBundle } from '../support/pipeline.ts';
import { messageWith } from '../unit/processor/message.ts';
import { parseMetrics, total } from './prometheus.ts';

const bootstrapServers = inject('bootstrapServers');
const ends: EndOfTest[] = [];
const good: OutboundRecord = { key: Buffer.from('good'), value: JSON.stringify(messageWith()), headers: {} };
/** One partition has the hostile records, one the bomb, one good ones. */
const places = { hostile: 0, bomb: 1, good: 2 };
let pipeline: Pipeline;
let producer: Producer;
let instance: Instance;
let ready: { status: string; reasons: string[] };
let residentMb: number;
let stuck: number;
let exit: Exit;
let sources: RawRecord[];
let letters: RawRecord[];
let outputs: number[];

beforeAll(async () => {
  await shippedBundle();
  const onTestFinished = (end: EndOfTest) => void ends.push(end);
  pipeline = await createPipeline({ partitions: 3, onTestFinished });
  producer = kafkajsPort({ brokers: bootstrapServers, clientId: 'hostile' }).producer([pipeline.topics.source]);
  const connected = (): Promise<boolean> =>
    producer.connect().then(
      () => true,
      () => false,
    );
  await vi.waitUntil(connected, { timeout: 20_000, interval: 200 }); // a cluster that is new may refuse at first
  await send(places.bomb, good);
  await send(places.bomb, bomb, true);
  await send(places.bomb, good);
  for (const { record, compress } of hostileRecords) await send(places.hostile, record, compress);
  await send(places.hostile, good);
  await send(places.good, good);
  instance = pipeline.start({ KAFKA_FETCH_MAX_WAIT_MS: '100' });
  await instance.line('stands still');
  await vi.waitUntil(async () => (await readRaw(pipeline.topics.output)).length === 3, {
    timeout: 60_000,
    interval: 500,
  });
  ready = (await (await instance.get('/ready')).json()) as typeof ready;
  const metrics = parseMetrics(await (await instance.get('/metrics')).text());
  residentMb = total(metrics, 'hft_resident_memory_bytes') / 1e6;
  stuck = total(metrics, 'hft_stuck_partitions');
  exit = await instance.stop();
  [sources, letters] = [await readRaw(pipeline.topics.source), await readRaw(pipeline.topics.deadLetters)];
  outputs = (await readRaw(pipeline.topics.output)).map(({ offset }) => offset);
});

afterAll(async () => {
  for (const end of ends) await end({ task: {} });
  await producer.close();
});

async function send(partition: number, record: OutboundRecord, compress = false): Promise<void> {
  const topic = pipeline.topics.source;
  expect(await producer.send([{ topic, partition, records: [record] }], compress ? 'gzip' : 'none')).toEqual([
    undefined,
  ]);
}

/** All records of a topic as the bytes that it holds, partition by partition; of the source only the hostile ones. */
function readRaw(topic: string): Promise<RawRecord[]> {
  return withCluster({ bootstrapServers, security: {} }, [topic], async (cluster) => {
    const facts = wholeTopic(cluster, topic);
    const partitions = topic === pipeline.topics.source ? [places.hostile] : Object.values(places);
    const positions = new Map(partitions.map((partition) => [partition, 0]));
    const found: RawRecord[] = [];
    for (let empty = 0; empty < 3; ) {
      const round = await fetchRound(facts, cluster.nodes, positions, 100);
      const records = [...round.values()].flatMap((fetched) => fetched.records);
      for (const [partition, { next }] of round) positions.set(partition, next);
      found.push(...records);
      empty = records.length > 0 ? 0 : empty + 1;
    }
    return found;
  });
}

interface Parts {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headerCount: number;
  readonly headers: Buffer;
}

function partsOf({ body }: RawRecord): Parts {
  const reader = new Reader(body);
  const [key, value, headerCount] = [reader.nullableBytes(), reader.nullableBytes(), reader.varint()];
  return { key, value, headerCount, headers: body.subarray(reader.at) };
}

/** The value of a header that occurs once. */
function reasonIn({ headerCount, headers }: Parts, name: string): string | undefined {
  const reader = new Reader(headers);
  const found: (string | undefined)[] = [];
  for (let index = 0; index < headerCount; index += 1) {
    const isIt = reader.text() === name;
    const value = reader.nullableBytes()?.toString();
    if (isIt) found.push(value);
  }
  return found.length === 1 ? found[0] : undefined;
}

const isSame = (a: Buffer | null, b: Buffer | null): boolean => (a === null || b === null ? a === b : a.equals(b));

test('each becomes one dead letter, the same to the byte, with why, and what is behind them is handled', () => {
  expect(letters).toHaveLength(hostileRecords.length);
  for (const [index, { name, code }] of hostileRecords.entries()) {
    const source = partsOf(sources[index] as RawRecord);
    const letter = partsOf(letters[index] as RawRecord);
    expect({ name, same: isSame(source.key, letter.key) && isSame(source.value, letter.value) }).toEqual({
      name,
      same: true,
    });
    // What the runtime says of an earlier death is replaced; all else stands as it stood, in its order.
    const own = name === 'escapes in headers' ? 1 : 0;
    expect({ name, count: letter.headerCount }).toEqual({ name, count: source.headerCount - own + 8 });
    if (own === 0) {
      expect({ name, same: letter.headers.subarray(0, source.headers.length).equals(source.headers) }).toEqual({
        name,
        same: true,
      });
    }
    const why = { code: reasonIn(letter, 'error.code'), message: reasonIn(letter, 'error.message') };
    expect({ name, ...why }).toEqual({ name, code, message: expect.stringMatching(/^\P{C}+$/u) });
  }
  expect(outputs).toEqual([0, 0, 0]);
});

test('a batch that inflates to more than is read holds up its own partition, which is told', () => {
  const told =
    'partition 1 stands still at offset 1: The batch inflates to more than 67108864 bytes (gzip); its last offset is 1';
  expect(ready).toEqual({ status: 'degraded', reasons: [told], waitsForDownstream: false });
  expect(stuck).toBe(1);
  expect(instance.lines.filter(({ msg }) => msg.includes('stands still'))).toHaveLength(1);
});

test('the process lives in bounded memory, and no line of its log is forged', () => {
  expect(exit).toEqual({ code: 0, signal: null });
  expect(instance.stderr).toBe('');
  expect(instance.lines.filter(({ msg }) => msg === 'forged')).toEqual([]);
  expect(residentMb).toBeLessThan(600);
});
