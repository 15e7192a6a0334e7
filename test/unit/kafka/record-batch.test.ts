import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import kafkajs from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../../../functions/kafka/wire/crc32c.ts';
import { type Compression, encodeRecordBatch } from '../../../functions/kafka/wire/record-batch.ts';
import { type OutboundRecord, wireBytes } from '../../../functions/runtime/publisher.ts';
import { decodeWithKafkajs } from './kafkajs-codec.ts';

const identity = { producerId: 4_242_424_242_424, producerEpoch: 7, firstSequence: 2 ** 31 - 5 };
const nowMs = 1_763_874_000_123;

const record = (fields: Partial<OutboundRecord>): OutboundRecord => ({
  key: null,
  value: null,
  headers: {},
  ...fields,
});

type Header = string | Buffer | null;
type Headers = Readonly<Record<string, Header | readonly Header[]>>;

/** Bytes as text, a character each: much faster to compare than Buffers are. */
const latin = (bytes: Buffer | string | null): string | null => bytes && Buffer.from(bytes).toString('latin1');

/** What a reader must see of a record. A header that is given as a list of none is not there; of one, is that one. */
function seen({
  key,
  value,
  headers,
}: {
  key: Buffer | null;
  value: Buffer | string | null;
  headers: Headers;
}): object {
  const entries = Object.entries(headers).flatMap(([name, given]) => {
    const values = (given === null || typeof given === 'string' || Buffer.isBuffer(given) ? [given] : given).map(latin);
    const [first] = values;
    return first === undefined ? [] : [[name, values.length === 1 ? first : values]];
  });
  return { key: latin(key), value: latin(value), headers: Object.fromEntries(entries) };
}

// kafkajs has none of its own.
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
  compress: async () => await Promise.reject(new Error('only read')),
  decompress: async (packed: Buffer) => zstdDecompressSync(packed),
});

async function roundTrip(records: readonly OutboundRecord[], compression: Compression): Promise<Buffer> {
  const bytes = encodeRecordBatch(records, identity, nowMs, compression);
  const batch = await decodeWithKafkajs(bytes);
  expect(batch.records.map(seen)).toEqual(records.map(seen));
  expect(batch.records.map(({ offset }) => offset)).toEqual(records.map((_, index) => String(index)));
  expect(new Set(batch.records.map(({ timestamp }) => timestamp))).toEqual(new Set([String(nowMs)]));
  expect(batch).toMatchObject({
    firstOffset: '0',
    lastOffsetDelta: records.length - 1,
    producerId: String(identity.producerId),
    producerEpoch: identity.producerEpoch,
    firstSequence: identity.firstSequence,
    firstTimestamp: String(nowMs),
    maxTimestamp: String(nowMs),
  });
  return bytes;
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'binary', maxLength: 200 });
const name = fc.string({ unit: 'grapheme', maxLength: 90 }).filter((one) => !(one in {})); // kafkajs reads those wrongly
const header = fc.oneof(bytes, text, fc.array(fc.oneof(bytes, text), { maxLength: 4 }));
const records = fc.array(
  fc.record({
    key: fc.option(bytes),
    value: fc.option(fc.oneof(bytes, text)),
    headers: fc.dictionary(name, header, { maxKeys: 6 }),
  }),
  { minLength: 1, maxLength: 80 },
);

describe.each([
  ['none', 0],
  ['gzip', 1],
  ['zstd', 4],
] as const)('a record batch, compression %s', (compression, attribute) => {
  test('is read by kafkajs as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(records, async (all) => void (await roundTrip(all, compression))),
      { numRuns: 50 },
    );
  });

  test('of records on every side of a length that takes a byte more', async () => {
    for (const edge of [63, 64, 8_191, 8_192, 1_048_575, 1_048_576]) {
      await roundTrip(
        [record({ value: Buffer.alloc(edge, 'x') }), record({ key: Buffer.alloc(edge, 'k') })],
        compression,
      );
      await roundTrip(
        [record({ value: 'ü'.repeat(edge / 2), headers: { [`h${edge}`]: 'v'.repeat(edge) } })],
        compression,
      );
    }
  });

  test('of more records than a byte, or two, can count', async () => {
    await roundTrip(
      Array.from({ length: 9_000 }, (_, index) => record({ value: String(index) })),
      compression,
    );
  });

  test('of a record with hundreds of headers', async () => {
    const headers = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`header-${index}`, String(index)]));
    await roundTrip(
      [record({ headers: { ...headers, many: Array.from({ length: 100 }, () => 'again') } })],
      compression,
    );
  });

  test('tells null from empty, in keys and values', async () => {
    await roundTrip(
      [record({}), record({ key: Buffer.alloc(0), value: '' }), record({ value: Buffer.alloc(0) })],
      compression,
    );
  });

  test('of headers without a prototype, or called as one', async () => {
    const headers: Record<string, string> = Object.create(null);
    headers.plain = 'x';
    await roundTrip([record({ headers })], compression);
    Object.defineProperty(headers, '__proto__', { value: 'p', enumerable: true });
    const encoded = encodeRecordBatch([record({ headers })], identity, nowMs, 'none');
    expect(encoded.includes('__proto__')).toBe(true);
  });

  test('has the checksum of what follows it', () => {
    const batch = encodeRecordBatch([record({ value: 'x' })], identity, nowMs, compression);
    expect(batch.readUInt32BE(17)).toBe(crc32c(batch, 21, batch.length));
    expect(batch.readInt32BE(8)).toBe(batch.length - 12);
    expect(batch[16]).toBe(2); // magic
    expect(batch.readInt16BE(21)).toBe(attribute);
  });
});

describe('the size of a record on the wire', () => {
  test('is guessed a little over, never under', () => {
    fc.assert(
      fc.property(records, (all) => {
        const exact = encodeRecordBatch(all, identity, nowMs, 'none').length - 61;
        const guessed = all.reduce((sum, one) => sum + wireBytes(one), 0);
        const headerCount = all.flatMap(({ headers }) => Object.values(headers).flat()).length;
        expect(guessed).toBeGreaterThanOrEqual(exact);
        expect(guessed).toBeLessThanOrEqual(exact + 32 * all.length + 8 * headerCount);
      }),
    );
  });

  test('is over for the largest too', () => {
    const largest = record({
      key: Buffer.alloc(200_000),
      value: Buffer.alloc(2_000_000),
      headers: { h: Buffer.alloc(2_000_000) },
    });
    expect(wireBytes(largest)).toBeGreaterThanOrEqual(
      encodeRecordBatch([largest], identity, nowMs, 'none').length - 61,
    );
  });
});
