import { expect, test } from 'vitest';
import { drawing } from '../../../scripts/bench/drawing.ts';

test('bars are as long as their cost beside the dearest of their group', () => {
  const cost = { measured: 800, oneUs: 4, inTurnUs: 5, togetherUs: 10, ratio: 2, oneColdUs: 20, togetherColdUs: 40 };
  const instances = { backlog: 1_000, instances: 12, warmUpRecords: 100, ours: cost, bare: cost, handler: cost };
  const svg = drawing({ instances });
  const [one = 0, , together = 0] = [...svg.matchAll(/width="([\d.]+)" height="15"/g)].map(([, width]) =>
    Number(width),
  );
  expect(together / one).toBeCloseTo(2.5, 2);
  expect(svg).toContain('12 instances together');
  expect(drawing({})).not.toContain('<text');
});
