import { expect, test } from 'vitest';
import { flameGraph } from '../../../scripts/profile/flame-graph.ts';
import { type CpuProfile, frameTree, hottest } from '../../../scripts/profile/profile-tree.ts';
import { sourceOfLines } from '../../../scripts/profile/source-files.ts';

const frame = (functionName: string, url = 'file:///app/functions.mjs', lineNumber = 9) => ({
  functionName,
  url,
  lineNumber,
});

const sourceOf = sourceOfLines('functions.mjs', [
  ...new Array<undefined>(8),
  'functions/processor/decode.ts',
  'functions/kafka/outbox.ts',
]);

/** root -> decode (10) -> parse (30); root -> publish (20) -> parse (40); idle (900) */
const profile: CpuProfile = {
  startTime: 0,
  nodes: [
    { id: 1, callFrame: frame('(root)', ''), children: [2, 4, 6] },
    { id: 2, callFrame: frame('decode', undefined, 8), children: [3] },
    { id: 3, callFrame: frame('parse', '', -1) },
    { id: 4, callFrame: frame('<publish>'), children: [5] },
    { id: 5, callFrame: frame('parse', '', -1) },
    { id: 6, callFrame: frame('(idle)', '') },
  ],
  samples: [2, 3, 6, 4, 5],
  timeDeltas: [10, 30, 900, 20, 40],
};

test('time is summed by path of calls, and idle time is no part of it', () => {
  const root = frameTree(profile, sourceOf);
  expect(root.totalUs).toBe(100);
  const paths = [...root.callees.values()].map(({ name, place, selfUs, totalUs }) => ({
    name,
    place,
    selfUs,
    totalUs,
  }));
  expect(paths).toEqual([
    { name: 'decode', place: 'functions/processor/decode.ts', selfUs: 10, totalUs: 40 },
    { name: '<publish>', place: 'functions/kafka/outbox.ts', selfUs: 20, totalUs: 60 },
  ]);
});

test('the list is by own time over all paths', () => {
  expect(hottest(frameTree(profile, sourceOf), 2)).toEqual([
    { name: 'parse', place: '', share: 0.7 },
    { name: '<publish>', place: 'functions/kafka/outbox.ts', share: 0.2 },
  ]);
});

test('boxes are as wide as their time, names are escaped', () => {
  const svg = flameGraph(frameTree(profile, sourceOf), 'a < b');
  const widths = [...svg.matchAll(/<title>([^:]+):.*?width="([\d.]+)"/g)].map(([, name, width]) => [
    name,
    Number(width),
  ]);
  expect(widths).toContainEqual(['&lt;publish&gt;, functions/kafka/outbox.ts', 719.5]);
  expect(svg).toContain('a &lt; b');
  expect(svg).not.toContain('<publish>');
  // What is native is blue, what has a source is not.
  expect(svg).toMatch(/<title>parse:.*fill="#a9c8ee"/);
  expect(svg).toMatch(/<title>decode,.*fill="hsl/);
});

test('a profile in which nothing ran is an empty picture', () => {
  const empty: CpuProfile = {
    startTime: 0,
    nodes: [{ id: 1, callFrame: frame('(root)', '') }],
    samples: [1],
    timeDeltas: [0],
  };
  expect(flameGraph(frameTree(empty, sourceOf), 'nothing')).not.toContain('NaN');
});
