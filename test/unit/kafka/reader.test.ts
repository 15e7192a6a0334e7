import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Reader } from '../../../functions/kafka/wire/reader.ts';
import { WireError } from '../../../functions/kafka/wire/wire-error.ts';

/** Zigzag and seven bits a byte, as the protocol describes it. */
function encoded(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value < 0n ? -2n * value - 1n : 2n * value;
  for (; rest > 127n; rest /= 128n) bytes.push(Number(rest % 128n) + 128);
  return Buffer.from([...bytes, Number(rest)]);
}

describe('a number of variable length', () => {
  test('is read as it was written, and no byte more', () => {
    const edges = [0, -1, 63, 64, -64, -65, 2 ** 27, 2 ** 31 - 1, -(2 ** 31)].map((one) => fc.constant(one));
    fc.assert(
      fc.property(fc.oneof(...edges, fc.integer()), (value) => {
        const bytes = encoded(BigInt(value));
        const reader = new Reader(Buffer.concat([bytes, Buffer.from([7])]));
        expect([reader.varint(), reader.left]).toEqual([value, 1]);
        reader.at = 0;
        expect([reader.varlong(), reader.left]).toEqual([value, 1]);
      }),
    );
  });

  test('is exact up to 2^52 where it may be long', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), (value) => {
        expect(new Reader(encoded(BigInt(value))).varlong()).toBe(value);
      }),
    );
  });

  test('may end no later than the bytes do, or than it can be long', () => {
    for (const read of [(reader: Reader) => reader.varint(), (reader: Reader) => reader.varlong()]) {
      expect(() => read(new Reader(Buffer.from([0x80, 0x80, 1]), 0, 2))).toThrow(WireError);
      expect(() => read(new Reader(Buffer.from([...Buffer.alloc(10, 0x80), 1])))).toThrow(WireError);
      expect(() => read(new Reader(Buffer.alloc(0)))).toThrow(WireError);
    }
    expect(() => new Reader(Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 1])).varint()).toThrow(WireError);
  });
});

test('a count of more elements than there are bytes is refused before anything is made for them', () => {
  const bytes = Buffer.from([0, 0, 0, 2, 1, 1, 1, 1]);
  expect(new Reader(bytes).count(2)).toBe(2);
  expect(() => new Reader(bytes).count(3)).toThrow('2 elements were announced where 4 bytes are left');
});
