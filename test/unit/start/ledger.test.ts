import { describe, expect, test } from 'vitest';
import { createLedger, parseSource } from '../../../scripts/start/ledger.ts';

const t0 = Date.now();

describe('the books of a run', () => {
  test('book an output and a dead letter to their records, and the time between', () => {
    const ledger = createLedger('raw', [100, 0]);
    for (let offset = 100; offset < 110; offset += 1) ledger.fed(0, offset, t0);
    for (let offset = 100; offset < 109; offset += 1) ledger.enriched(`raw/0/${offset}`, t0 + 50);
    ledger.dead(0, 109, 'DECODE_FAILED');
    expect(ledger.counts()).toEqual({
      ...{ fed: 10, enriched: 9, deadLettered: 1, deadByCode: { DECODE_FAILED: 1 }, duplicates: 0, foreign: 0 },
    });
    expect(ledger.latencies.quantile(0.5)).toBeCloseTo(50, -1);
  });

  test('take an output that is read before its record', () => {
    const ledger = createLedger('raw', [0]);
    ledger.enriched('raw/0/0', t0 + 30);
    ledger.dead(0, 1, 'CONTRACT_VIOLATED');
    expect(ledger.counts()).toMatchObject({ fed: 0, enriched: 1, deadLettered: 1 });
    ledger.fed(0, 0, t0);
    ledger.fed(0, 1, t0);
    expect(ledger.counts()).toMatchObject({ fed: 2, enriched: 1, deadLettered: 1, duplicates: 0 });
    expect(ledger.unaccountedBefore([2])).toBe(0);
    expect(ledger.latencies.quantile(1)).toBeGreaterThan(28);
  });

  test.each([
    ['before its record', true],
    ['after its record', false],
  ])('count a second output, and one beside a dead letter, as duplicates: %s', (_, outputFirst) => {
    const ledger = createLedger('raw', [0]);
    const feed = () => [0, 1].forEach((offset) => void ledger.fed(0, offset, t0));
    if (!outputFirst) feed();
    ledger.enriched('raw/0/0', t0);
    ledger.enriched('raw/0/0', t0 + 1);
    ledger.dead(0, 1, 'DECODE_FAILED');
    ledger.enriched('raw/0/1', t0);
    if (outputFirst) feed();
    ledger.enriched('raw/0/0', t0 + 2);
    expect(ledger.counts()).toMatchObject({ fed: 2, enriched: 1, deadLettered: 1, duplicates: 3 });
  });

  test('count a record once that is read again', () => {
    const ledger = createLedger('raw', [0]);
    ledger.fed(0, 0, t0);
    ledger.fed(0, 0, t0);
    ledger.enriched('raw/0/0', t0);
    ledger.fed(0, 0, t0);
    expect(ledger.counts()).toMatchObject({ fed: 1, enriched: 1 });
  });

  test('leave out what began before them, and what names no source of theirs', () => {
    const ledger = createLedger('raw', [100]);
    for (const source of ['raw/0/99', 'raw/7/100', 'other/0/100', 'raw/0/', undefined]) ledger.enriched(source, t0);
    ledger.dead(-1, -1, '?');
    expect(ledger.counts()).toMatchObject({ enriched: 0, deadLettered: 0, foreign: 6, duplicates: 0 });
  });

  test('know a record that the group has committed past and nobody has done', () => {
    const ledger = createLedger('raw', [10, 0]);
    for (let offset = 10; offset < 15; offset += 1) ledger.fed(0, offset, t0);
    ledger.fed(1, 0, t0);
    ledger.enriched('raw/0/10', t0);
    ledger.enriched('raw/0/12', t0);
    expect(ledger.unaccountedBefore([10, 0])).toBe(0);
    expect(ledger.unaccountedBefore([12, 0])).toBe(1);
    expect(ledger.unaccountedBefore([15, 1])).toBe(4);
  });

  test('still know duplicates, and open records, across many pages', () => {
    const ledger = createLedger('raw', [5]);
    const last = 5 + 10_000;
    for (let offset = 5; offset < last; offset += 1) ledger.fed(0, offset, t0);
    for (let offset = 5; offset < last; offset += 1) if (offset !== 9_000) ledger.enriched(`raw/0/${offset}`, t0 + 5);
    ledger.enriched('raw/0/5', t0);
    ledger.fed(0, 6, t0);
    expect(ledger.counts()).toMatchObject({ fed: 10_000, enriched: 9_999, duplicates: 1 });
    expect(ledger.unaccountedBefore([last])).toBe(1);
    expect(ledger.unaccountedBefore([9_000])).toBe(0);
  });
});

test('a source header is read from its end: a topic may hold anything but its partition and offset', () => {
  expect(parseSource('market.raw/59/123', 'market.raw')).toEqual({ partition: 59, offset: 123 });
  expect(parseSource('market.raw/59', 'market.raw')).toBeUndefined();
  expect(parseSource('market.raw/-1/2', 'market.raw')).toBeUndefined();
});
