import { crc32, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { WireError } from '../../../functions/kafka/wire/wire-error.ts';
import { batchOf, read, record } from './batches.ts';
import { messagesWithKafkajs } from './kafkajs-codec.ts';

const key = Buffer.from('key');
const timestamp = 1_500_000_000_000;

/** One message at an offset; a broker sets it where kafkajs writes -1. */
function message(version: 0 | 1, offset: number, value: string | null, codec = 0): Buffer {
  const content = value === null ? null : Buffer.from(value, 'latin1');
  const bytes = messagesWithKafkajs(version, [{ key, value: content, timestamp, compression: codec }]);
  bytes.writeBigInt64BE(BigInt(offset), 0);
  return bytes;
}

/** Three messages within one, which has the offset of the last. */
function packed(version: 0 | 1, lastOffset: number, codec = 1): Buffer {
  const entries = ['a', 'b', 'c'].map((value, index) => ({
    key,
    value: Buffer.from(value),
    timestamp: timestamp + index,
  }));
  const within = messagesWithKafkajs(version, entries, true);
  if (version === 0) {
    // Format 0 has the whole offsets within.
    for (const [index, offset] of [-2, -1, 0].entries()) {
      within.writeBigInt64BE(BigInt(lastOffset + offset), (within.length / 3) * index);
    }
  }
  return message(version, lastOffset, gzipSync(within).toString('latin1'), codec);
}

const seen = (fetched: ReturnType<typeof read>): unknown[] =>
  fetched.records.map(({ offset, timestamp: time, value }) => [offset, time, value && String(value)]);

describe.each([0, 1] as const)('messages of format %i', (version) => {
  const time = (later = 0): number => (version === 0 ? -1 : timestamp + later);

  test('are read one by one, and those of before are left out', () => {
    const messages = [message(version, 7, 'old'), message(version, 8, 'a'), message(version, 11, null)];
    const fetched = read(messages, { offset: 8 });
    expect(seen(fetched)).toEqual([
      [8, time(), 'a'],
      [11, time(), null],
    ]);
    expect(fetched).toMatchObject({ next: 12, bytes: 135, records: [{ key, headers: {}, topic: 'market.raw' }, {}] });
  });

  test('may hold others, compressed', () => {
    const fetched = read([packed(version, 22), message(version, 23, 'd')], { offset: 21 });
    expect(seen(fetched)).toEqual([
      [21, time(1), 'b'],
      [22, time(2), 'c'],
      [23, time(), 'd'],
    ]);
    expect(fetched.next).toBe(24);
  });

  test('may stand before batches, and be cut short', async () => {
    const batch = await batchOf({ baseOffset: 6, records: [record('new')] });
    expect(seen(read([message(version, 5, 'old'), batch]))).toMatchObject([
      [5, time(), 'old'],
      [6, expect.any(Number), 'new'],
    ]);
    const second = message(version, 6, 'cut');
    for (let length = 0; length < second.length; length += 1) {
      expect(read([message(version, 5, 'whole'), second.subarray(0, length)])).toMatchObject({ next: 6 });
    }
  });

  test('that are not as their checksum says are an error, wherever the bit is', () => {
    for (const bytes of [message(version, 0, 'value'), packed(version, 2)]) {
      for (let at = 8; at < bytes.length; at += 1) {
        const bent = Buffer.from(bytes);
        bent.writeUInt8((bent[at] ?? 0) ^ 4, at);
        expect(() => read([bent])).toThrow(WireError);
      }
      for (let length = 1; length < bytes.length; length += 1) {
        expect(() => read([bytes.subarray(0, length)])).toThrow('The first batch has more than');
      }
    }
  });

  test('with nothing, a part or nonsense within are an error', () => {
    for (const length of [5, 11, 15, 30]) {
      const within = gzipSync(message(version, 0, 'value').subarray(0, length)).toString('latin1');
      expect(() => read([message(version, 0, within, 1)])).toThrow('A message within another is cut short');
    }
    expect(() => read([message(version, 0, gzipSync('').toString('latin1'), 1)])).toThrow('has none within');
    expect(() => read([message(version, 0, 'plain', 1)])).toThrow('The batch is no sound gzip');
    expect(() => read([message(version, 0, null, 1)])).toThrow('The batch is no sound gzip');
    expect(() => read([packed(version, 2, 2)])).toThrow('The batch is no sound snappy');
    expect(() => read([packed(version, 2, 5)])).toThrow('compressed with codec 5');
  });

  test('with a sound checksum and nonsense behind it are an error', () => {
    const sealed = (bytes: Buffer): Buffer => {
      bytes.writeInt32BE(bytes.length - 12, 8);
      bytes.writeUInt32BE(crc32(bytes.subarray(16)), 12);
      return bytes;
    };
    const longer = sealed(Buffer.concat([message(version, 0, 'a'), Buffer.from('b')]));
    expect(() => read([longer])).toThrow("1 bytes follow the message's value");
    const short = sealed(Buffer.concat([message(version, 0, null).subarray(0, 21)]));
    expect(() => read([short])).toThrow('The message is 9 bytes long');
    const alien = message(version, 0, 'a');
    alien.writeUInt8(2, 16);
    const within = gzipSync(sealed(alien)).toString('latin1');
    expect(() => read([message(version, 0, within, 1)])).toThrow('A message of format 2 is within another');
  });

  test('wait for the next fetch when enough was inflated', () => {
    expect(read([packed(version, 2)], { budget: 0 })).toEqual({ records: [], bytes: 0, next: 0 });
  });
});

test('messages within another have the time of the broker where the topic says so', () => {
  const bytes = packed(1, 2);
  bytes.writeUInt8(1 | 8, 17);
  bytes.writeUInt32BE(crc32(bytes.subarray(16)), 12);
  expect(seen(read([bytes]))).toEqual([0, 1, 2].map((offset) => [offset, timestamp, 'abc'[offset]]));
});
