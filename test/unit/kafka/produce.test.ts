import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { decodeProduceResponse, encodeProduceRequest } from '../../../functions/kafka/wire/produce.ts';
import { encodeRecordBatch, type PreparedBatch } from '../../../functions/kafka/wire/record-batch.ts';
import { decodeResponseWithKafkajs, encodeWithKafkajs } from './kafkajs-codec.ts';

afterEach(() => void vi.useRealTimers());

const topic = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
const identity = { producerId: 77, producerEpoch: 3 };

describe('a produce request', () => {
  test('has the bytes that kafkajs would send', async () => {
    vi.useFakeTimers({ now: 1_763_874_000_123, toFake: ['Date'] });
    const message = fc.record({
      key: fc.option(fc.uint8Array({ maxLength: 70 }).map((one) => Buffer.from(one))),
      value: fc.option(fc.uint8Array({ maxLength: 200 }).map((one) => Buffer.from(one))),
      headers: fc.dictionary(
        fc.string({ maxLength: 8 }),
        fc.uint8Array({ maxLength: 9 }).map((one) => Buffer.from(one)),
        {
          maxKeys: 3,
        },
      ),
    });
    const partitions = fc.uniqueArray(
      fc.record({
        partition: fc.nat(100),
        firstSequence: fc.nat(2 ** 31 - 1),
        messages: fc.array(message, { minLength: 1, maxLength: 5 }),
      }),
      { selector: ({ partition }) => partition, minLength: 1, maxLength: 4 },
    );
    const topics = fc.uniqueArray(fc.record({ topic, partitions }), {
      selector: (one) => one.topic,
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(topics, async (topicData) => {
        const batches = topicData.flatMap((one) =>
          one.partitions.map(({ partition, firstSequence, messages }) => ({
            topic: one.topic,
            partition,
            batch: ready(normalised(encodeRecordBatch(messages, { ...identity, firstSequence }, Date.now(), 'none'))),
          })),
        );
        const theirs = await encodeWithKafkajs({ acks: -1, timeout: 10_000, ...identity, compression: 0, topicData });
        expect(encodeProduceRequest(batches, 10_000).equals(theirs)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('gathers the batches of one topic, wherever they stand', async () => {
    const bytes = Buffer.from('b');
    const [a0, b0, a1] = ['a', 'b', 'a'].map((name, index) => ({ topic: name, partition: index, batch: ready(bytes) }));
    if (a0 === undefined || b0 === undefined || a1 === undefined) throw new Error('three were made');
    expect(encodeProduceRequest([a0, b0, a1], 1)).toEqual(encodeProduceRequest([a0, a1, b0], 1));
  });

  test('is as long as it is, however much room it is given', () => {
    const batches = [{ topic: 'a', partition: 0, batch: ready(Buffer.from('b')) }];
    const alone = encodeProduceRequest(batches, 1);
    expect(encodeProduceRequest(batches, 1, (bytes) => Buffer.alloc(bytes + 100, 0xff))).toEqual(alone);
  });
});

/** kafkajs sends 0 as the leader epoch where Java's client and ours send -1. Brokers set it, and it is not in the checksum. */
function normalised(batch: Buffer): Buffer {
  expect(batch.readInt32BE(12)).toBe(-1);
  batch.writeInt32BE(0, 12);
  return batch;
}

/** Bytes that are a batch already. */
function ready(bytes: Buffer): PreparedBatch {
  return {
    length: bytes.length,
    writeTo(out, start) {
      out.set(bytes, start);
      return start + bytes.length;
    },
  };
}

interface Answer {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[];
}

/** A response, version 7, by the protocol's description. */
function response(answers: readonly Answer[], throttleMs: number): Buffer {
  const int32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const int16 = (value: number): Buffer => int32(value).subarray(2);
  const parts = answers.flatMap((answer) => [
    int16(Buffer.byteLength(answer.topic)),
    Buffer.from(answer.topic),
    int32(answer.partitions.length),
    ...answer.partitions.flatMap(({ partition, errorCode }) => [
      int32(partition),
      int16(errorCode),
      Buffer.alloc(8, 1), // base offset
      Buffer.alloc(8, 0xff), // append time
      Buffer.alloc(8, 2), // start of the log
    ]),
  ]);
  return Buffer.concat([int32(answers.length), ...parts, int32(throttleMs)]);
}

describe('a produce response', () => {
  const partitions = fc.uniqueArray(
    fc.record({ partition: fc.nat(1_000), errorCode: fc.integer({ min: -1, max: 100 }) }),
    { selector: ({ partition }) => partition, maxLength: 8 },
  );
  const answers = fc.uniqueArray(fc.record({ topic, partitions }), { selector: (one) => one.topic, maxLength: 4 });

  test('is read as it was written, and as kafkajs reads it', async () => {
    await fc.assert(
      fc.asyncProperty(answers, fc.nat(2 ** 31 - 1), async (all, throttleMs) => {
        const bytes = response(all, throttleMs);
        const expected = all.flatMap((one) =>
          one.partitions.map(({ partition, errorCode }) => [`${one.topic}/${partition}`, errorCode] as const),
        );
        expect(decodeProduceResponse(bytes)).toEqual({ errorCodes: new Map(expected), throttleMs });
        expect(await decodeResponseWithKafkajs(bytes)).toMatchObject({
          topics: all.map((one) => ({ topicName: one.topic, partitions: one.partitions })),
          clientSideThrottleTime: throttleMs,
        });
      }),
    );
  });

  test('that is cut short is an error, not a part of the truth', () => {
    const bytes = response([{ topic: 'out', partitions: [{ partition: 1, errorCode: 0 }] }], 0);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => decodeProduceResponse(bytes.subarray(0, length))).toThrow(RangeError);
    }
  });
});
