import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { WireError } from '../../../functions/kafka/wire/wire-error.ts';
import { batchOf, compressed, flags, marker, read, record, sealed, withFlags } from './batches.ts';

const values = (fetched: { records: readonly { value: Buffer | null }[] }): string[] =>
  fetched.records.map(({ value }) => String(value));

/** The error of reading these bytes; it must be one that names a fault of the bytes. */
function fault(...batches: Buffer[]): WireError {
  try {
    read(batches);
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error('it was read');
}

let batch: Buffer;
let following: Buffer;
beforeAll(async () => {
  const records = ['first', 'second', 'third'].map((value) =>
    record(value, { key: Buffer.from('key'), headers: { name: Buffer.from('header') } }),
  );
  batch = await batchOf({ records });
  following = await batchOf({ baseOffset: 3, records });
});

describe('a batch that is cut short', () => {
  test('comes whole with the next fetch, when it is the last of several', () => {
    for (let length = 0; length < following.length; length += 1) {
      const fetched = read([batch, following.subarray(0, length)]);
      expect({ values: values(fetched), next: fetched.next }).toEqual({
        values: ['first', 'second', 'third'],
        next: 3,
      });
    }
  });

  test('is an error when it is all there is: the broker owes at least one', () => {
    for (let length = 1; length < batch.length; length += 1) {
      expect(fault(batch.subarray(0, length))).toMatchObject({
        kind: 'corrupt',
        message: `The first batch has more than the ${length} bytes that came`,
      });
    }
    expect(read([])).toEqual({ records: [], bytes: 0, next: 0 });
  });
});

describe('a batch with a bit that fell over', () => {
  test('is never read, wherever the bit is', () => {
    for (let at = 8; at < batch.length; at += 1) {
      if (at >= 12 && at < 16) continue; // the leader's epoch is not in the checksum, and not used
      for (let bit = 0; bit < 8; bit += 1) {
        const bent = Buffer.from(batch);
        bent.writeUInt8((bent[at] ?? 0) ^ (1 << bit), at);
        expect(fault(bent, following).kind).toMatch(/corrupt|unsupported/);
      }
    }
  });

  test('is refused for a length that its own head does not fit in', () => {
    for (const length of [-1, 0, 5, 48]) {
      const bent = Buffer.from(batch);
      bent.writeInt32BE(length, 8);
      bent.writeUInt32BE(0, 17); // the checksum of nothing
      expect(fault(bent).message).toBe(`The batch is ${length} bytes long`);
    }
  });

  test('is named with its size', () => {
    const bent = Buffer.from(batch);
    bent.writeUInt8(0, batch.length - 1);
    expect(fault(bent).message).toBe(`The batch of ${batch.length - 12} bytes does not have its checksum`);
  });

  test('holds up those behind it, not those before it', () => {
    const bent = Buffer.from(following);
    bent.writeUInt8(0, bent.length - 1);
    const fetched = read([batch, bent, following]);
    expect({ values: values(fetched), next: fetched.next }).toEqual({ values: ['first', 'second', 'third'], next: 3 });
  });
});

describe('a batch of nonsense with a sound checksum', () => {
  test('is an error or records of its own bytes, whatever is in it', () => {
    const changes = fc.array(fc.tuple(fc.integer({ min: 21, max: batch.length - 1 }), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(changes, fc.boolean(), (changed, first) => {
        const bent = Buffer.from(batch);
        for (const [at, byte] of changed) bent.writeUInt8(byte, at);
        try {
          const { records } = read(first ? [sealed(bent), following] : [following, sealed(bent)]);
          for (const { key, value } of records) {
            for (const bytes of [key, value]) {
              if (bytes === null || bytes.buffer.byteLength > 8_192) continue; // inflated, or in Node's pool
              expect(bytes.byteOffset).toBeGreaterThanOrEqual(100);
              expect(bytes.byteOffset + bytes.length).toBeLessThanOrEqual(bytes.buffer.byteLength - 100);
            }
          }
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  const changed = (change: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.from(batch);
    change(bytes);
    return sealed(bytes);
  };
  const firstRecord = 61;

  test.each<[string, (bytes: Buffer) => void, RegExp]>([
    ['more records than there are', (bytes) => bytes.writeInt32BE(4, 57), /number does not end|announced/],
    ['fewer records than there are', (bytes) => bytes.writeInt32BE(2, 57), /bytes follow the batch's last record/],
    ['less than no records', (bytes) => bytes.writeInt32BE(-1, 57), /-1 records/],
    ['less than no offsets', (bytes) => bytes.writeInt32BE(-1, 23), /over -1 offsets/],
    ['an offset behind its last', (bytes) => bytes.writeInt32BE(1, 23), /2 behind the first of 2/],
    ['a record of no bytes', (bytes) => bytes.writeUInt8(0, firstRecord), /ends \d+ behind its end/],
    ['a record of less than no bytes', (bytes) => bytes.writeUInt8(1, firstRecord), /behind its end/],
    ['a timestamp that does not end', (bytes) => bytes.fill(0xff, firstRecord + 2, firstRecord + 12), /does not end/],
    ['an offset before its first', (bytes) => bytes.writeUInt8(1, firstRecord + 3), /-1 behind the first/],
    ['two records of one offset', (bytes) => bytes.writeUInt8(2, firstRecord + 3), /not above the one before/],
    ['a key of less than null', (bytes) => bytes.writeUInt8(3, firstRecord + 4), /-2 bytes were announced/],
    ['a key beyond the batch', (bytes) => bytes.writeUInt16BE(0xff7f, firstRecord + 4), /bytes were announced/],
    ['less than no headers', (bytes) => bytes.writeUInt8(1, firstRecord + 14), /-1 headers/],
  ])('is an error: %s', (_what, change, message) => {
    expect(fault(changed(change))).toMatchObject({ kind: 'corrupt', message: expect.stringMatching(message) });
  });

  test('gives none of its records, also where the first are sound', () => {
    const bent = Buffer.from(following);
    bent.writeInt32BE(4, 57);
    expect(values(read([batch, sealed(bent)]))).toEqual(['first', 'second', 'third']);
  });

  test('is an error when it is a control batch without a type', async () => {
    const control = await batchOf({ records: [record('', { key: Buffer.from([0, 0, 0]) })] });
    expect(fault(withFlags(control, flags.control)).message).toBe('A control record has no type');
  });

  test('is fine as a control batch that compaction emptied', async () => {
    const control = await batchOf({ lastOffsetDelta: 0, records: [] });
    expect(read([withFlags(control, flags.control), await marker(1, 1, 0)]).next).toBe(2);
  });
});

describe('a format', () => {
  test.each([3, 255])('of %i is refused by name', (magic) => {
    const bent = Buffer.from(batch);
    bent.writeUInt8(magic, 16);
    expect(fault(bent)).toMatchObject({
      kind: 'corrupt',
      message: `The batch has format ${magic}, and 0, 1 or 2 is expected`,
    });
  });
});

describe('compression', () => {
  test.each([5, 6, 7])('of %i, which does not exist, is refused by its number, with where to go on', (codec) => {
    expect(fault(withFlags(Buffer.from(batch), codec))).toMatchObject({
      kind: 'unsupported',
      message: expect.stringMatching(
        `compressed with codec ${codec}, which Kafka does not have; its last offset is \\d+$`,
      ),
    });
    expect(values(read([batch, withFlags(Buffer.from(following), codec)]))).toHaveLength(3);
  });

  test.each([
    [1, 'gzip'],
    [2, 'snappy'],
    [3, 'lz4'],
    [4, 'zstd'],
  ] as const)('of %i that is cut, or other bytes, is an error and no record', (codec, name) => {
    const packed = compressed(batch, codec);
    for (let length = 61; length < packed.length; length += 1) {
      expect(fault(sealed(Buffer.from(packed.subarray(0, length)))).kind).toBe('corrupt');
    }
    expect(fault(withFlags(Buffer.from(batch), codec)).message).toContain(`no sound ${name}`);
  });

  test.each([1, 4] as const)('of %i does not fill the memory', async (codec) => {
    const bomb = compressed(await batchOf({ records: [record('x'.repeat(70_000_000))] }), codec);
    expect(bomb.length).toBeLessThan(100_000);
    expect(fault(bomb)).toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining('more than 67108864 bytes'),
    });
  });

  test('beyond what one response may inflate to is left for the next fetch', () => {
    const three = [compressed(batch, 1), compressed(following, 4)];
    expect(read(three, { budget: 1 })).toMatchObject({ next: 3 });
    expect(read(three, { budget: 1_000 })).toMatchObject({ next: 6 });
    expect(read([batch, ...three.slice(1)], { budget: 0 })).toMatchObject({ next: 3 });
    expect(read(three, { budget: 0 })).toEqual({ records: [], bytes: 0, next: 0 });
  });
});
