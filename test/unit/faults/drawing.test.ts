import { expect, test } from 'vitest';
import { drawPanels } from '../../../scripts/faults/drawing.ts';
import type { Story } from '../../../scripts/faults/outcome.ts';

const every = (stepMs: number, fromMs: number, toMs: number): number[] =>
  Array.from({ length: Math.floor((toMs - fromMs) / stepMs) + 1 }, (_, index) => fromMs + index * stepMs);

const story: Story = {
  marks: [{ atMs: 2_000, text: 'kill <-9>' }],
  startMs: 0,
  endMs: 10_000,
  spans: [
    { member: 1, partition: 0, fromMs: -500, toMs: 2_000 },
    { member: 2, partition: 0, fromMs: 6_000, toMs: Number.POSITIVE_INFINITY },
    { member: 2, partition: 1, fromMs: -500, toMs: Number.POSITIVE_INFINITY },
  ],
  arrivals: [every(100, 0, 10_000), every(100, 0, 10_000)],
  movements: [
    [...every(100, 0, 2_000), ...every(1, 6_000, 6_040), ...every(100, 6_100, 10_000)],
    every(100, 0, 10_000),
  ],
  firsts: [[...every(100, 0, 2_000), ...every(1, 6_000, 6_040), ...every(100, 6_100, 10_000)], every(100, 0, 10_000)],
};

test('owners go from the first to the second, lag grows between them, and texts are escaped', () => {
  const svg = drawPanels('kill', 'what happens', [{ title: 'ours & theirs', story }]);
  const bands = [...svg.matchAll(/<rect x="([\d.]+)" y="100" width="([\d.]+)" height="7" fill="(#\w+)" fill-opacity/g)];
  expect(bands.map(([, x, width]) => [Number(x), Number(width)])).toEqual([
    [0, 124],
    [372, 248],
  ]);
  expect(new Set(bands.map(([, , , colour]) => colour)).size).toBe(2);
  // From 20 records behind on it is the third shade; the other partition is never behind.
  expect(svg.match(/height="4" fill="#dd6a5c"/g)).toHaveLength(1);
  expect(svg).toContain('kill &lt;-9&gt;');
  expect(svg).toContain('ours &amp; theirs');
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
});

test('two runs stand side by side on one scale', () => {
  const svg = drawPanels('kill', 'what happens', [
    { title: 'ours', story },
    { title: 'theirs', story: { ...story, endMs: 20_000 } },
  ]);
  // 20 s in all: 2 s are half as wide as before.
  expect(svg.match(/y="100" width="62" height="7"/g)).toHaveLength(2);
});
