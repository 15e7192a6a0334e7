import { expect, test } from 'vitest';
import { snapshotTime } from '../../../scripts/bench/snapshot-time.ts';
import { createMarket } from '../../../scripts/feed/market.ts';

test('tells when each record of the feed was made, also of the symbols that write epoch milliseconds', () => {
  const market = createMarket({ symbols: 240, contracts: 2, seed: 7 });
  const nowMs = Date.parse('2026-11-23T05:00:00.250Z');
  const values = Array.from({ length: 240 }, () => market.next(nowMs).value);
  expect(values.filter((value) => /"timestamp":\d/.test(value)).length).toBeGreaterThan(0);
  expect(new Set(values.map((value) => snapshotTime(Buffer.from(value))))).toEqual(new Set([nowMs]));
});

test('bytes that do not say it are told from those that do', () => {
  for (const value of [null, Buffer.from('{}'), Buffer.from('{"timestamp":null}')])
    expect(snapshotTime(value)).toBeNaN();
});
