import { expect, test } from 'vitest';
import { drawing } from '../../../scripts/bench/drawing.ts';

test('bars are as long as their cost beside the dearest of their group', () => {
  const ratios = { ratio: 2, ratioToOne: 2.5, ratioToBusy: 2.2 };
  const cost = {
    measured: 800,
    turns: [],
    oneUs: 4,
    oneBusyUs: 4.5,
    inTurnUs: 5,
    togetherUs: 10,
    ...ratios,
    oneColdUs: 20,
    togetherColdUs: 40,
  };
  const shared = { backlog: 1_000, instances: 12, warmUpRecords: 100, few: [{ instances: 4, togetherUs: 8 }] };
  const instances = { ...shared, ours: cost, bare: cost, handler: cost };
  const svg = drawing({ instances });
  const [one = 0, , , , together = 0] = [...svg.matchAll(/width="([\d.]+)" height="15"/g)].map(([, width]) =>
    Number(width),
  );
  expect(together / one).toBeCloseTo(2.5, 2);
  for (const name of ['12 instances together', '4 instances together', 'kafkajs loops', 'handlers, no broker'])
    expect(svg).toContain(name);
  expect(drawing({})).not.toContain('<text');
});
