import { describe, expect, test } from 'vitest';
import { judgeOutcomes, quantile } from '../../../scripts/faults/judgement.ts';
import type { Outcome } from '../../../scripts/faults/outcome.ts';
import { reportJson, reportText } from '../../../scripts/faults/report.ts';
import { scenarios } from '../../../scripts/faults/scenarios.ts';

const good: Outcome = {
  counts: {
    inputs: 100,
    outputs: 99,
    deadLetters: 1,
    distinctOutputs: 99,
    distinctDeadLetters: 1,
    filtered: 0,
    commits: 9,
  },
  ...{ lost: 0, doubled: 0, reordered: 0, commitsAhead: 0, unaccounted: 0, uncommitted: 0 },
  ...{ silenceMs: 300, recoveredMs: 0, partition: 3, peakMb: 90, uncommittedForMs: 0 },
  ...{ otherViolations: [], examples: [], problems: [], notices: [] },
  exits: [{ state: 'left', ms: 250 }, { state: 'killed' }],
  story: { marks: [], startMs: 0, endMs: 1, spans: [], arrivals: [], movements: [], firsts: [] },
};
const promised = { doubled: 0, silenceMs: 1_000, recoveredMs: 13_000, exitMs: 10_000 };
const judged = (outcome: Partial<Outcome>) => judgeOutcomes([good, { ...good, ...outcome }], promised);

describe('judgeOutcomes', () => {
  test('finds nothing in a good run', () => {
    expect(judged({})).toEqual({ broken: [], slow: [] });
  });

  test.each<[Partial<Outcome>, string]>([
    [{ lost: 1 }, '1 lost'],
    [{ reordered: 2 }, '2 out of order'],
    [{ commitsAhead: 3 }, '3 commits ahead of what was done'],
    [{ unaccounted: 4 }, '4 unaccounted'],
    [{ uncommitted: 5 }, '5 left uncommitted'],
    [{ doubled: 6 }, '6 doubled, 0 promised at most'],
    [{ otherViolations: ['missingDead'] }, 'missingDead'],
    [{ problems: ['did not settle'] }, 'did not settle'],
    [{ exits: [{ state: 'crashed' }] }, '1 instances ended with an error'],
    [{ exits: [{ state: 'killed', ms: 30_000 }] }, '1 instances ended with an error'],
  ])('%j is broken', (outcome, text) => {
    expect(judged(outcome).broken).toEqual([`repeat 2: ${text}`]);
  });

  test.each<[Partial<Outcome>, string]>([
    [{ silenceMs: 1_100 }, 'a partition was silent for 1.1 s, 1.0 promised at most'],
    [{ recoveredMs: 14_000 }, 'recovered after 14.0 s, 13.0 promised at most'],
    [{ exits: [{ state: 'left', ms: 12_000 }] }, 'an orderly exit took 12.0 s, 10.0 promised at most'],
  ])('%j is slow', (outcome, text) => {
    expect(judged(outcome)).toEqual({ broken: [], slow: [`repeat 2: ${text}`] });
  });

  test('where at least once is all that is promised, a double breaks nothing', () => {
    expect(judgeOutcomes([{ ...good, doubled: 6 }], {}).broken).toEqual([]);
    expect(judgeOutcomes([{ ...good, doubled: 30 }], { doubled: 20 })).toEqual({
      broken: [],
      slow: ['repeat 1: 30 doubled, 20 promised at most'],
    });
  });
});

test('quantiles are by nearest rank: the p95 of ten is the worst of them', () => {
  const ten = [5, 1, 9, 3, 7, 2, 8, 4, 10, 6];
  expect([quantile(ten, 0.5), quantile(ten, 0.95), quantile([4], 0.95), quantile([], 0.5)]).toEqual([5, 10, 4, 0]);
});

describe('a report', () => {
  const [scenario] = scenarios;
  if (!scenario) throw new Error('there are no scenarios');
  const outcomes = [good, { ...good, doubled: 6, silenceMs: 2_345, examples: ['duplicates: a/1/2: again'] }];
  const report = {
    ...{ scenario, application: 'container', promised, outcomes },
    judgement: judgeOutcomes(outcomes, promised),
  };

  test('has a row a repeat, the quantiles, the promises, and what broke them', () => {
    const rows = reportText(report)
      .split('\n')
      .map((line) => line.trim().split(/\s{2,}/));
    expect(rows).toContainEqual(['repeat 2', '100', '0', '6', '0', '0', '0', '2.3', '0.0', '0.3', '90']);
    expect(rows).toContainEqual(['p95', '100', '0', '6', '0', '0', '0', '2.3', '0.0', '0.3', '90']);
    expect(rows).toContainEqual(['BROKEN', 'repeat 2: 6 doubled, 0 promised at most']);
    expect(rows).toContainEqual(['repeat 2: duplicates: a/1/2: again']);
    expect(rows).toContainEqual(['slow', 'repeat 2: a partition was silent for 2.3 s, 1.0 promised at most']);
  });

  test('is the same for a program', () => {
    expect(reportJson(report)).toMatchObject({
      scenario: 'steady',
      doubled: { p50: 0, p95: 6 },
      silenceMs: { p50: 300, p95: 2_345 },
      exitMs: { p50: 250, p95: 250 },
      broken: ['repeat 2: 6 doubled, 0 promised at most'],
    });
  });
});
