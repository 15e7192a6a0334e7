import { describe, expect, test } from 'vitest';
import { readHeaders } from '../../../functions/kafka/kafkajs/headers.ts';
import { encodeRecordBatch } from '../../../functions/kafka/wire/record-batch.ts';
import type { OutboundRecord } from '../../../functions/runtime/publisher.ts';
import { decodeWithKafkajs } from './kafkajs-codec.ts';

/** Headers after their way over the wire, through kafkajs' own decoder. */
async function overTheWire(headers: OutboundRecord['headers']): Promise<Map<string, unknown>> {
  const identity = { producerId: 1, producerEpoch: 0, firstSequence: 0 };
  const bytes = encodeRecordBatch([{ key: null, value: null, headers }], identity, 0, false);
  const [record] = (await decodeWithKafkajs(bytes)).records;
  return new Map(Object.entries(readHeaders(record?.headers as Parameters<typeof readHeaders>[0])));
}

const [one, two, three] = [Buffer.from('1'), Buffer.from('2'), Buffer.alloc(0)];

describe('headers read by kafkajs', () => {
  test('are as they were sent', async () => {
    const headers = { once: one, twice: [one, two], empty: three };
    expect(await overTheWire(headers)).toEqual(new Map(Object.entries(headers)));
  });

  test.each(Object.getOwnPropertyNames(Object.prototype))('called %s are only what was sent', async (name) => {
    for (const values of [one, [one, two], [one, two, three]]) {
      const headers = Object.defineProperty({ plain: one }, name, { value: values, enumerable: true });
      expect(await overTheWire(headers)).toEqual(
        new Map<string, unknown>([
          ['plain', one],
          [name, values],
        ]),
      );
    }
  });

  test('are none when there are none', () => {
    expect(readHeaders(undefined)).toEqual({});
    expect(readHeaders({})).toEqual({});
  });
});
