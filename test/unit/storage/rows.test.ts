import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeEnriched } from '../../../functions/market/enriched.ts';
import { readRows } from '../../../functions/storage/fast/read.ts';
import { RowBuffer } from '../../../functions/storage/row-buffer.ts';
import { writeOptions, writeSnapshot } from '../../../functions/storage/rows.ts';
import { createSnapshots, type EnrichedJson } from '../../support/snapshots.ts';

const source = { partition: 7, offset: 123_456_789_012 };

/** The rows that each path makes of a value, in hexadecimal; undefined when it makes none. */
function plainly(value: Buffer): string | undefined {
  const [snapshots, options] = [new RowBuffer(16), new RowBuffer(16)];
  try {
    const snapshot = decodeEnriched(value);
    writeSnapshot(snapshots, snapshot, source);
    writeOptions(options, snapshot);
  } catch {
    return undefined;
  }
  return `${snapshots.slice(0, snapshots.at).toString('hex')} ${options.slice(0, options.at).toString('hex')}`;
}

function fast(value: Buffer): string | undefined {
  const [snapshots, options] = [new RowBuffer(16), new RowBuffer(16)];
  if (readRows(value, snapshots, options, source) === undefined) {
    expect([snapshots.at, options.at]).toEqual([0, 0]);
    return undefined;
  }
  return `${snapshots.slice(0, snapshots.at).toString('hex')} ${options.slice(0, options.at).toString('hex')}`;
}

const sampleSizes = [0, 2, 40, 160];
const samples = sampleSizes.flatMap((contracts) => {
  const next = createSnapshots({ contracts: Math.max(2, contracts), seed: contracts + 1, startMs: 1_764_134_123_456 });
  return Array.from({ length: 30 }, () => {
    const { json, value } = next();
    return contracts === 0 ? Buffer.from(JSON.stringify({ ...json, options: [] })) : value;
  });
});
const sample = JSON.parse(String(samples[35])) as EnrichedJson;

/** The same message with one part replaced. */
type Parts = { context: object; options: [object, object]; analyses: { gex: object } };
const changed = (change: (json: Parts) => unknown): Buffer => {
  const copy = JSON.parse(JSON.stringify(sample)) as Parts;
  change(copy);
  return Buffer.from(JSON.stringify(copy));
};

describe('the fast path', () => {
  test('takes all that the processor writes, and makes the rows of the plain path of it', () => {
    for (const value of samples) {
      const rows = fast(value);
      expect(rows).toBeDefined();
      expect(rows).toBe(plainly(value));
    }
  });

  test('makes of any number what the plain path makes of it, or leaves it to that', () => {
    const numberText = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.integer().map(String),
      fc.tuple(fc.nat(), fc.nat({ max: 999_999 })).map(([whole, part]) => `${whole}.${part}`),
      fc.constantFrom(
        'null',
        '-0',
        '0',
        '00',
        '01',
        '-01.5',
        '1.',
        '.5',
        '-',
        '-null',
        '1e3',
        '1E-3',
        '123456789012345678',
        '0.1234567890123456',
        '1.50',
      ),
    );
    const text = String(samples[35]);
    fc.assert(
      fc.property(
        numberText,
        fc.constantFrom('ltp', 'gamma', 'oi_change', 'spot_change', 'zero_gamma', 'vix_divergence'),
        (number, name) => {
          const value = Buffer.from(text.replace(new RegExp(`"${name}":[^,}]+`), `"${name}":${number}`));
          const rows = fast(value);
          if (rows !== undefined) expect(rows).toBe(plainly(value));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('of bytes that were changed anywhere, it makes nothing else than the plain path', () => {
    const base = samples[35] as Buffer;
    const byte = fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(...Buffer.from('0123456789.-,:"{}[]nulCEP')));
    fc.assert(
      fc.property(fc.nat({ max: base.length - 1 }), byte, fc.nat({ max: 2 }), (place, value, kind) => {
        const bytes = [...base];
        if (kind === 0) bytes[place] = value;
        else if (kind === 1) bytes.splice(place, 1);
        else bytes.splice(place, 0, value);
        const rows = fast(Buffer.from(bytes));
        if (rows !== undefined) expect(rows).toBe(plainly(Buffer.from(bytes)));
      }),
      { numRuns: 5_000 },
    );
  });

  test.each<[string, Buffer]>([
    ['a gap behind a colon', Buffer.from(JSON.stringify(sample).replace('"expiry":', '"expiry": '))],
    ['a symbol that is not ASCII', changed((json) => Object.assign(json, { symbol: 'निफ्टी' }))],
    ['a symbol with an escape', changed((json) => Object.assign(json, { symbol: 'A"B' }))],
    ['a time in milliseconds', changed((json) => Object.assign(json, { timestamp: 1_764_134_123_456 }))],
    ['a time with microseconds', changed((json) => Object.assign(json, { timestamp: '2026-11-26T10:30:00.123456Z' }))],
  ])('leaves %s to the plain path, or agrees with it', (_, value) => {
    const rows = plainly(value);
    expect(rows).toBeDefined();
    expect([undefined, rows]).toContain(fast(value));
  });
});

describe('decoding', () => {
  const message = (value: Buffer): string => {
    try {
      decodeEnriched(value);
    } catch (error) {
      return (error as Error).message;
    }
    return 'taken';
  };

  test.each<[path: string, value: Buffer]>([
    ['symbol_id: expected', changed((json) => Object.assign(json, { symbol_id: -1 }))],
    ['symbol: expected', changed((json) => Object.assign(json, { symbol: '' }))],
    ['expiry: expected', changed((json) => Object.assign(json, { expiry: '2026-02-30' }))],
    ['timestamp: expected', changed((json) => Object.assign(json, { timestamp: '2026-11-26' }))],
    ['context.spot_price: expected', changed(({ context }) => Object.assign(context, { spot_price: 0 }))],
    ['context.pcr_ratio: expected', changed(({ context }) => Object.assign(context, { pcr_ratio: 'x' }))],
    ['options: expected', changed((json) => Object.assign(json, { options: null }))],
    ['options[1].delta: expected', changed(({ options }) => Object.assign(options[1], { delta: undefined }))],
    ['options[1].iv_source: expected', changed(({ options }) => Object.assign(options[1], { iv_source: 'guess' }))],
    ['options[1].illiquid: expected', changed(({ options }) => Object.assign(options[1], { illiquid: 1 }))],
    ['options[1].strike: expected', changed(({ options }) => Object.assign(options[1], options[0]))],
    ['options[0].option_type: expected', changed(({ options }) => Object.assign(options[0], { option_type: 'XX' }))],
    ['analyses.gex.net: expected', changed(({ analyses }) => Object.assign(analyses.gex, { net: [] }))],
    ['analyses.futures_basis: expected', changed(({ analyses }) => Object.assign(analyses, { futures_basis: 5 }))],
    ['analyses.max_pain: expected', changed(({ analyses }) => Object.assign(analyses, { max_pain: undefined }))],
  ])('refuses with the path: %s', (path, value) => {
    expect(message(value)).toContain(path);
    expect(fast(value)).toBeUndefined();
  });
});
