import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inflate } from '../../../functions/kafka/wire/inflate.ts';
import { packLz4 } from '../../../scripts/bench/lz4-pack.ts';
import { createMarket } from '../../../scripts/feed/market.ts';

const unpack = (packed: Buffer): Buffer => inflate(3, packed, { left: 1e9, room: 1e9 });

test('what is packed comes back, whatever repeats in it and however long it is', () => {
  const piece = fc.record({
    bytes: fc.uint8Array({ minLength: 0, maxLength: 400 }),
    times: fc.integer({ min: 1, max: 700 }),
  });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const plain = Buffer.concat(pieces.flatMap(({ bytes, times }) => new Array<Uint8Array>(times).fill(bytes)));
      expect(unpack(packLz4(plain)).equals(plain)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('records of a market become a fraction, and what does not repeat hardly more', () => {
  const market = createMarket({ symbols: 8, contracts: 40, seed: 7 });
  const text = Buffer.from(Array.from({ length: 40 }, () => market.next(1_795_000_000_000).value).join('\n'));
  const packed = packLz4(text);
  expect(packed.length).toBeLessThan(text.length / 2);
  expect(unpack(packed).equals(text)).toBe(true);
  const noise = Buffer.from(
    Array.from({ length: 100_000 }, (_, index) => (Math.imul(index, 2_654_435_761) >>> 11) & 255),
  );
  expect(packLz4(noise).length).toBeLessThan(noise.length + 64);
});
