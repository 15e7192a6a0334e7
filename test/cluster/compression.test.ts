import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { kafkajsPort } from '../../functions/kafka/kafkajs/port.ts';
import { readTopics } from '../support/ledger/reader.ts';
import { createTopics } from '../support/topics.ts';

const brokers = inject('bootstrapServers');
const port = kafkajsPort({ brokers, clientId: 'compression-test' });
/** Of the attributes of a batch, as Kafka numbers codecs. */
const codecBits = 0x07;
const attributesAt = 21;

/** The codec of the first batch that the brokers keep of a topic's only partition. */
function storedCodec(topic: string): number {
  const dir = inject('clusterDir');
  const segment = readdirSync(dir, { recursive: true, encoding: 'utf8' }).find(
    (file) =>
      file.includes(`/${topic}-0/`) && file.endsWith('.log') && readFileSync(join(dir, file)).length > attributesAt,
  );
  if (segment === undefined) throw new Error(`no broker has a segment of ${topic}`);
  return readFileSync(join(dir, segment)).readInt16BE(attributesAt) & codecBits;
}

test('what a topic asks for is what its outputs are packed as, where there is an encoder for it', async () => {
  const configured = ['gzip', 'zstd', 'lz4', 'snappy', 'producer', 'uncompressed'] as const;
  const wanted = configured.map((codec) => [codec, { partitions: 1, configs: { 'compression.type': codec } }] as const);
  const topics: Record<string, string> = await createTopics(Object.fromEntries(wanted));
  const names = configured.map((codec) => topics[codec] ?? '');
  const inspector = port.inspector();
  onTestFinished(() => inspector.close());
  // For a moment a broker may not have heard of a topic.
  let facts: Awaited<ReturnType<typeof inspector.topicFacts>> = new Map();
  const heardOf = async (): Promise<number> => {
    facts = await inspector.topicFacts(names);
    return facts.size;
  };
  await expect.poll(heardOf, { timeout: 10_000 }).toBe(names.length);
  expect(names.map((name) => facts.get(name)?.compression)).toEqual(['gzip', 'zstd', ...Array(4).fill(undefined)]);
});

test.each([
  ['none', 0],
  ['gzip', 1],
  ['zstd', 4],
] as const)('brokers keep what is sent as %s as it comes, and readers have it as it was', async (codec, number) => {
  const { topic } = await createTopics({ topic: { partitions: 1 } }); // `producer`: nobody packs again
  const producer = port.producer([topic]);
  await producer.connect();
  onTestFinished(() => producer.close());
  const values = ['a'.repeat(5_000), 'b'.repeat(10)];
  const records = values.map((value) => ({ key: null, value, headers: {} }));
  expect(await producer.send([{ topic, partition: 0, records }], codec)).toEqual([undefined]);
  // Directories of other topics come and go while it looks.
  await expect.poll(() => storedCodec(topic), { timeout: 10_000 }).toBe(number);
  const { log } = await readTopics(brokers, { log: topic }, { keepValues: true });
  expect(log.partitions[0]?.map(({ value }) => String(value))).toEqual(values);
});
