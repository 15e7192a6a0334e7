import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTimestamp } from '../../../../functions/market/calendar.ts';
import type { Digits } from '../../../../functions/market/rounding.ts';
import { cell, cells } from '../../../../functions/processor/fast/columns.ts';
import { load, origin } from '../../../../functions/processor/fast/input.ts';
import { take } from '../../../../functions/processor/fast/output.ts';
import {
  putGiven,
  putRounded2,
  putRounded4,
  putRounded6,
  putRounded8,
} from '../../../../functions/processor/fast/put-number.ts';
import { canonical, readAmount, readNumber } from '../../../../functions/processor/fast/read-number.ts';
import { readTimestamp } from '../../../../functions/processor/fast/read-time.ts';
import { writeGiven, writeRounded } from '../../../../functions/processor/json-bytes.ts';

const numRuns = 20_000;
const buffer = Buffer.alloc(64);
function written(put: (at: number, cell: number) => number, value: number): string {
  cells[cell.written] = value;
  return take(put(0, cell.written)).toString();
}
const plainly = (write: (out: Buffer) => number): string => buffer.toString('latin1', 0, write(buffer));

const anyDouble = fc.double({ noDefaultInfinity: false });
/** Values of every size that is met. */
const met = fc
  .tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.integer({ min: -12, max: 20 }))
  .map(([part, power]) => part * 10 ** power);
/** Decimals, many of them ties, and the doubles on either side. */
const decimals = fc
  .tuple(
    fc.oneof(fc.integer({ min: -1e9, max: 1e9 }), fc.maxSafeInteger()),
    fc.integer({ min: 0, max: 11 }),
    fc.boolean(),
    fc.integer({ min: -2, max: 2 }),
  )
  .map(([units, places, isTie, steps]) => neighbour(Number(`${units}${isTie ? '5' : ''}e-${places}`), steps));
const values = fc.oneof(
  anyDouble,
  met,
  decimals,
  fc.constantFrom(0, -0, Number.NaN, 1e-6, 9.9e-7, 2 ** 31, 2 ** 46, 1e15),
);

function neighbour(value: number, steps: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + BigInt(steps));
  return view.getFloat64(0);
}

describe('numbers are written', () => {
  test.each<[Digits, (at: number, cell: number) => number]>([
    [2, putRounded2],
    [4, putRounded4],
    [6, putRounded6],
    [8, putRounded8],
  ])('rounded to %d digits as the plain encoder rounds them', (digits, put) => {
    fc.assert(
      fc.property(values, (value) => {
        expect(written(put, value)).toBe(plainly((out) => writeRounded(out, 0, value, digits)));
      }),
      { numRuns },
    );
  });

  test('to the hundredth, for large exposures', () => {
    const exposures = fc
      .tuple(fc.double({ min: 1e11, max: 1e15, noNaN: true }), fc.integer({ min: 0, max: 4 }))
      .map(([value, places]) => (places === 4 ? value : Number(value.toFixed(places))));
    fc.assert(
      fc.property(exposures, (value) => {
        expect(written(putRounded2, -value)).toBe(plainly((out) => writeRounded(out, 0, -value, 2)));
      }),
      { numRuns },
    );
  });

  test('as they were given', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(written(putGiven, value)).toBe(plainly((out) => writeGiven(out, 0, value)));
      }),
      { numRuns },
    );
  });
});

describe('numbers are read', () => {
  const digit = fc.constantFrom(...'0123456789');
  const text = fc
    .tuple(
      fc.constantFrom('', '', '', '-'),
      fc.string({ unit: digit, maxLength: 12 }),
      fc.option(fc.string({ unit: digit, maxLength: 18 })),
    )
    .map(([sign, whole, fraction]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}`);

  function parse(text: string): number | null {
    try {
      const value: unknown = JSON.parse(text);
      return typeof value === 'number' ? value : null;
    } catch {
      return null;
    }
  }

  test('as JSON.parse reads them, or not at all', () => {
    let taken = 0;
    fc.assert(
      fc.property(text, (text) => {
        canonical[0] = 1;
        const end = load(Buffer.from(text));
        if (readNumber(origin, 0) !== end) return;
        taken += 1;
        expect(cells[0]).toBe(parse(text));
        if (canonical[0] === 1) expect(JSON.stringify(cells[0])).toBe(text);
      }),
      { numRuns },
    );
    expect(taken).toBeGreaterThan(numRuns / 4);
  });

  test.each([
    '0',
    '7',
    '24105.5',
    '0.05',
    '999999999',
    '1234567890',
    '123456789012345',
    '0.000001',
    '99999.9999999999',
  ])('%s, and as it is written', (text) => {
    canonical[0] = 1;
    const end = load(Buffer.from(text));
    expect(readAmount(origin, 0)).toBe(end);
    expect(cells[0]).toBe(Number(text));
    expect(canonical[0]).toBe(text === '99999.9999999999' ? 0 : 1);
  });

  test.each(['126.0', '0.0', '1.50', '0.0000001'])('%s, which is not how JSON.stringify writes it', (text) => {
    canonical[0] = 1;
    const end = load(Buffer.from(text));
    expect(readAmount(origin, 0)).toBe(end);
    expect(cells[0]).toBe(Number(text));
    expect(canonical[0]).toBe(0);
  });

  test('null, as no number', () => {
    load(Buffer.from('null'));
    expect(readAmount(origin, 0)).toBe(origin + 4);
    expect(cells[0]).toBeNaN();
  });
});

test('timestamps are read as the plain path reads them', () => {
  const part = fc.integer({ min: 0, max: 70 }).map((value) => String(value).padStart(2, '0'));
  const year = fc.constantFrom('0000', '0001', '1999', '2000', '2024', '2026', '2100', '9999', '20x6');
  const fraction = fc.constantFrom('', '.', '.1', '.12', '.123', '.1234', '.123456789', '.999999999', '.1234567890');
  const zone = fc.constantFrom('Z', 'z', '', '+05:30', '-05:30', '+23:59', '+24:00', '-00:60', '+0530', '05:30');
  const small = fc.integer({ min: 1, max: 28 }).map((value) => String(value).padStart(2, '0'));
  const month = fc.oneof(fc.constantFrom('01', '02', '04', '12'), part);
  const time = fc.tuple(
    year,
    month,
    fc.oneof(small, part),
    fc.oneof(small, part),
    fc.oneof(small, part),
    fc.oneof(small, part),
  );
  let taken = 0;
  fc.assert(
    fc.property(time, fraction, zone, ([year, month, day, hour, minute, second], fraction, zone) => {
      const text = `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}${zone}`;
      const end = load(Buffer.from(`"${text}"`));
      const isRead = readTimestamp(origin, 0) === end;
      const expected = parseTimestamp(text);
      expect(isRead).toBe(expected !== null);
      if (!isRead) return;
      taken += 1;
      expect(cells[0]).toBe(expected);
    }),
    { numRuns },
  );
  expect(taken).toBeGreaterThan(numRuns / 100);
});
