import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeFetchResponse, encodeFetchRequest } from '../../../functions/kafka/wire/fetch.ts';
import { WireError } from '../../../functions/kafka/wire/wire-error.ts';
import { fetchedWithKafkajs, fetchWithKafkajs } from './kafkajs-codec.ts';

const topic = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
const int32 = fc.nat(2 ** 31 - 1);
const offset = fc.nat(2 ** 52);

describe.each([10, 11])('fetch version %i', (version) => {
  test('has the request that kafkajs would send', async () => {
    const positions = fc.array(fc.record({ partition: fc.nat(1_000), offset }), { minLength: 1, maxLength: 8 });
    const fields = fc.record({ maxWaitMs: int32, minBytes: int32, maxBytes: int32, maxBytesPerPartition: int32 });
    await fc.assert(
      fc.asyncProperty(topic, positions, fields, fc.constantFrom('', 'euw1-az2'), async (name, all, limits, rackId) => {
        const theirs = await fetchWithKafkajs(version, {
          maxWaitTime: limits.maxWaitMs,
          minBytes: limits.minBytes,
          maxBytes: limits.maxBytes,
          rackId,
          topics: [
            {
              topic: name,
              partitions: all.map((one) => ({
                partition: one.partition,
                fetchOffset: String(one.offset),
                maxBytes: limits.maxBytesPerPartition,
              })),
            },
          ],
        });
        // kafkajs leaves the isolation level at read committed: 1.
        const ours = encodeFetchRequest({ topic: name, positions: all, ...limits, isolationLevel: 1, rackId }, version);
        expect(ours.equals(theirs)).toBe(true);
      }),
    );
  });

  const answers = fc.uniqueArray(
    fc.record({
      partition: fc.nat(1_000),
      errorCode: fc.integer({ min: -1, max: 100 }),
      highWatermark: offset,
      aborted: fc.array(fc.record({ producerId: offset, firstOffset: offset }), { maxLength: 3 }),
      preferredReplica: fc.integer({ min: -1, max: 9 }),
      length: fc.integer({ min: -1, max: 20 }),
    }),
    { selector: ({ partition }) => partition, maxLength: 6 },
  );

  test('has the response read as kafkajs reads it', async () => {
    await fc.assert(
      fc.asyncProperty(topic, answers, int32, async (name, all, throttleMs) => {
        const bytes = response(version, [{ topic: name, answers: all }], throttleMs);
        const ours = decodeFetchResponse(bytes, name, version);
        expect(ours).toMatchObject({ throttleMs, errorCode: 0, bytes });
        expect(ours.partitions).toEqual(
          all.map(({ length, preferredReplica, ...answer }) => ({
            ...answer,
            preferredReplica: version < 11 ? -1 : preferredReplica,
            start: expect.any(Number),
            end: expect.any(Number),
          })),
        );
        for (const [index, { start, end }] of ours.partitions.entries()) {
          const length = Math.max(0, all[index]?.length ?? 0);
          expect(bytes.subarray(start, end).equals(Buffer.alloc(length, index + 1))).toBe(true);
        }
        const readable = response(
          version,
          [{ topic: name, answers: all.map((one) => ({ ...one, length: 0 })) }],
          throttleMs,
        );
        expect(await fetchedWithKafkajs(version, readable)).toMatchObject({
          clientSideThrottleTime: throttleMs,
          responses: [
            {
              topicName: name,
              partitions: all.map(({ partition, errorCode, highWatermark, aborted, preferredReplica }) => ({
                partition,
                errorCode,
                highWatermark: String(highWatermark),
                ...(version < 11 ? {} : { preferredReadReplica: preferredReplica }),
                abortedTransactions: aborted.map(({ producerId, firstOffset }) => ({
                  producerId: String(producerId),
                  firstOffset: String(firstOffset),
                })),
              })),
            },
          ],
        });
      }),
    );
  });

  const example = { partition: 3, errorCode: 0, highWatermark: 9, preferredReplica: -1, length: 12 };
  const sound = response(
    version,
    [{ topic: 'in', answers: [{ ...example, aborted: [{ producerId: 1, firstOffset: 2 }] }] }],
    0,
  );

  test('has an error for a response that is cut short, wherever', () => {
    for (let length = 0; length < sound.length; length += 1) {
      expect(() => decodeFetchResponse(sound.subarray(0, length), 'in', version)).toThrow(WireError);
    }
  });

  test('reads any nonsense as an error, or as ranges within it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        (changed) => {
          const bent = Buffer.from(sound);
          for (const [at, byte] of changed) bent.writeUInt8(byte, at);
          try {
            for (const { start, end } of decodeFetchResponse(bent, 'in', version).partitions) {
              expect(start).toBeLessThanOrEqual(end);
              expect(end).toBeLessThanOrEqual(bent.length);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('has an error for an answer about another topic', () => {
    expect(() => decodeFetchResponse(sound, 'out', version)).toThrow('The broker answers about topic in, not out');
  });

  test('takes null for an empty list of transactions', () => {
    const none = response(version, [{ topic: 'in', answers: [{ ...example, aborted: null }] }], 0);
    expect(decodeFetchResponse(none, 'in', version).partitions[0]?.aborted).toEqual([]);
  });
});

interface Answer {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly aborted: readonly { producerId: number; firstOffset: number }[] | null;
  readonly preferredReplica: number;
  /** Of the records: as many bytes of the answer's number, counted from 1. -1 is null. */
  readonly length: number;
}

/** A response by the protocol's description. */
function response(
  version: number,
  topics: readonly { topic: string; answers: readonly Answer[] }[],
  throttleMs: number,
): Buffer {
  const int = (value: number, bytes: number): Buffer => {
    const out = Buffer.alloc(8);
    out.writeBigInt64BE(BigInt(value));
    return out.subarray(8 - bytes);
  };
  const parts = topics.flatMap(({ topic: name, answers }) => [
    int(Buffer.byteLength(name), 2),
    Buffer.from(name),
    int(answers.length, 4),
    ...answers.flatMap((answer, index) => [
      int(answer.partition, 4),
      int(answer.errorCode, 2),
      int(answer.highWatermark, 8),
      Buffer.alloc(16, 1), // last stable offset, start of the log
      int(answer.aborted?.length ?? -1, 4),
      ...(answer.aborted ?? []).flatMap(({ producerId, firstOffset }) => [int(producerId, 8), int(firstOffset, 8)]),
      ...(version < 11 ? [] : [int(answer.preferredReplica, 4)]),
      int(answer.length, 4),
      Buffer.alloc(Math.max(0, answer.length), index + 1),
    ]),
  ]);
  return Buffer.concat([int(throttleMs, 4), int(0, 2), int(0, 4), int(topics.length, 4), ...parts]);
}
