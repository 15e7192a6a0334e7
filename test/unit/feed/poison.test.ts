import { describe, expect, test } from 'vitest';
import { createMarket } from '../../../scripts/feed/market.ts';
import { poisonCode, poisonKinds, spoil } from '../../../scripts/feed/poison.ts';
import { createRandom } from '../../../scripts/feed/random.ts';
import { type FeedRecord, marketSource } from '../../../scripts/feed/records.ts';
import { contractProblems } from './validator.ts';

const market = { symbols: 50, contracts: 2, seed: 3 };
const now = Date.parse('2026-11-23T10:30:00+05:30');

function pull(count: number, poisonShare: number): Promise<FeedRecord[]> {
  return marketSource(market, poisonShare).pull(count, now);
}

describe('poison', () => {
  test.each(poisonKinds)('%s is refused for the reason that its code says', (kind) => {
    const random = createRandom(1);
    const good = createMarket(market).next(now);
    // Some kinds choose among several ways to be bad.
    for (let attempt = 0; attempt < 50; attempt++) {
      const { value } = spoil(kind, good, random);
      const problems = contractProblems(value);

      expect(problems.length).toBeGreaterThan(0);
      expect(problems[0] === 'not UTF-8 JSON' ? 'DECODE_FAILED' : 'CONTRACT_VIOLATED').toBe(poisonCode(kind));
    }
  });

  test('holds its share, comes in every kind, and stands in the order of its symbol', async () => {
    const good = await pull(20_000, 0);
    const records = await pull(20_000, 0.05);
    const poison = records.filter((record) => record.poison !== null);

    expect(poison.length / records.length).toBeCloseTo(0.05, 2);
    expect(new Set(poison.map((record) => record.poison))).toEqual(new Set(poisonKinds));
    expect(records.map(({ partitionKey }) => partitionKey)).toEqual(good.map(({ partitionKey }) => partitionKey));
    expect(poison.every(({ key, poison }) => (key === null) === (poison === 'missing-key'))).toBe(true);
  });

  test('changes no good record: they are the same bytes at any share, and all keep the contract', async () => {
    const good = await pull(2_000, 0);
    const records = await pull(2_000, 0.3);
    const pairs = records.map((record, index) => [record, good[index]] as const).filter(([{ poison }]) => !poison);

    expect(pairs.length).toBeGreaterThan(1_000);
    expect(pairs.every(([record, same]) => record.value === same?.value)).toBe(true);
    expect(pairs.flatMap(([{ value }]) => contractProblems(value))).toEqual([]);
  });
});
