import { expect, test } from 'vitest';
import type { InflateBudget } from '../../../functions/kafka/wire/inflate.ts';
import { type RawFetch, rawBatch, readRawBatches } from '../../../scripts/support/kafka/raw-records.ts';
import { bodyOf } from '../../support/raw-body.ts';

const where = { topic: 'in', partition: 0 };
const each = 100;
const baseOffsets = [10, 110, 250];

/** Three compressed batches of a hundred tiny records, with a gap before the last. */
const response = Buffer.concat(baseOffsets.map(batchAt));
const offsets = baseOffsets.flatMap((base) => Array.from({ length: each }, (_, index) => base + index));

function batchAt(baseOffset: number): Buffer {
  const records = Array.from({ length: each }, () => ({ timestamp: 1, body: bodyOf('k', null, []) }));
  const batch = rawBatch(records, { producerId: 1, producerEpoch: 0, firstSequence: 0 }, true);
  const bytes = Buffer.alloc(batch.length);
  batch.writeTo(bytes, 0);
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  return bytes;
}

/** As a broker does: from the batch on that has the offset. */
function read(from: number, budget: InflateBudget, until?: number): RawFetch {
  const skipped = baseOffsets.filter((base) => base + each <= from).length;
  const range = { start: (skipped * response.length) / baseOffsets.length, end: response.length, aborted: [] };
  return readRawBatches(response, range, where, from, until, budget);
}

const roomy = (): InflateBudget => ({ left: Number.POSITIVE_INFINITY, room: Number.POSITIVE_INFINITY });

test.each([
  ['what they inflate to', (): InflateBudget => ({ ...roomy(), left: 1 }), each],
  ['what their records take', (): InflateBudget => ({ ...roomy(), room: 10_000 }), 40],
])('batches are read as far as %s goes, and the rest with the next fetches', (_, budget, most) => {
  const found: number[] = [];
  const sizes: number[] = [];
  for (let from = 0; from < 350; ) {
    const { records, next } = read(from, budget());
    expect(next).toBeGreaterThan(from);
    found.push(...records.map(({ offset }) => offset));
    sizes.push(records.length);
    from = next;
  }
  expect(found).toEqual(offsets);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(most);
  expect(sizes.length).toBeGreaterThanOrEqual(baseOffsets.length);
});

test('nothing behind the wanted offsets is read, and a gap is told from what is yet to come', () => {
  const all = roomy();
  expect(read(0, all).next).toBe(350);
  const budget = { ...roomy(), left: 1_000_000 };
  const { records, next } = read(15, budget, 17);
  expect([records.map(({ offset }) => offset), next]).toEqual([[15, 16], 17]);
  const ofOne = 1_000_000 - budget.left;
  expect(read(0, budget, 110)).toMatchObject({ records: { length: each }, next: 110 });
  expect(1_000_000 - budget.left).toBe(2 * ofOne);
  expect(read(215, budget, 216)).toEqual({ records: [], next: 216 });
});
