import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { reportHtml, summaryMarkdown } from '../../../scripts/faults/html-report.ts';
import { judgeOutcomes } from '../../../scripts/faults/judgement.ts';
import { mergeReports } from '../../../scripts/faults/merge.ts';
import type { Outcome } from '../../../scripts/faults/outcome.ts';
import { reportJson, type ScenarioReport } from '../../../scripts/faults/report.ts';
import { scenarios } from '../../../scripts/faults/scenarios.ts';

const good: Outcome = {
  counts: {
    ...{ inputs: 100, outputs: 99, deadLetters: 1, distinctOutputs: 99, distinctDeadLetters: 1, filtered: 0 },
    commits: 9,
  },
  ...{ lost: 0, doubled: 0, reordered: 0, commitsAhead: 0, unaccounted: 0, uncommitted: 0, uncommittedForMs: 0 },
  ...{ silenceMs: 300, recoveredMs: 0, partition: 0, peakMb: 90 },
  ...{ otherViolations: [], examples: [], problems: [], notices: [], exits: [] },
  story: { marks: [], startMs: 0, endMs: 1_000, spans: [], arrivals: [[1]], movements: [[2]], firsts: [[2]] },
};

function reportOf(application: string, outcomes: readonly Outcome[]): ScenarioReport {
  const [scenario] = scenarios;
  if (!scenario) throw new Error('there is no scenario');
  const promised = { doubled: 0 };
  return { scenario, application, promised, outcomes, judgement: judgeOutcomes(outcomes, promised) };
}

const reports = [
  reportOf('container', [
    good,
    { ...good, doubled: 2, silenceMs: 1_250 },
    { ...good, lost: 3, examples: ['</script><b>'] },
  ]),
  reportOf('kafkajs', [{ ...good, reordered: 7 }]),
];
const conditions = {
  ...{
    instances: 4,
    rate: 400,
    partitions: 60,
    sessionTimeoutMs: 10_000,
    brokerSessionMs: 6_000,
    warmUpMs: 30_000,
    atOnce: 2,
  },
  at: '2026-11-26T10:00:00.000Z',
};

test('the table for a README has p50 and p95, and says what is broken of those who promise something', () => {
  expect(summaryMarkdown(reports).split('\n').slice(2)).toEqual([
    '| steady | container | 3 | 3, BROKEN | 0 / 2 | 0.3 / 1.3 | 0.0 | 90 |',
    '| steady | kafkajs | 1 | 7 | 0 | 0.3 | 0.0 | 90 |',
  ]);
});

test('the page has each table, one drawing a scenario with both side by side, and all figures', () => {
  const page = reportHtml(reports, [conditions]);
  expect(page.match(/<svg /g)).toHaveLength(1);
  expect(page.match(/<pre>/g)).toHaveLength(2);
  const [, json = ''] = /<script type="application\/json" id="figures">(.*?)<\/script>/s.exec(page) ?? [];
  expect(JSON.parse(json)).toMatchObject({
    runs: [{ at: '2026-11-26T10:00:00.000Z', atOnce: 2 }],
    scenarios: [{ scenario: 'steady', application: 'container' }, { application: 'kafkajs' }],
  });
  expect(page).toContain('&lt;/script&gt;&lt;b&gt;');
  expect(page.split('</script>')).toHaveLength(2);
});

test('pages and figures of several runs are one table: repeats add up, and drawings stay', () => {
  const dir = mkdtempSync(join(tmpdir(), 'hft-merge-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const fileOf = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const later = { ...conditions, at: '2026-11-27T10:00:00.000Z' };
  const third = { ...conditions, at: '2026-11-28T10:00:00.000Z' };
  const [one, two, three] = [
    fileOf('one.html', reportHtml(reports, [conditions])),
    fileOf('two.html', reportHtml(reports.slice(0, 1), [later])),
    fileOf('three.json', JSON.stringify({ runs: [third], scenarios: [reportOf('function', [good])].map(reportJson) })),
  ];
  const merged = mergeReports([one, two, three]);
  expect(summaryMarkdown(merged.reports).split('\n').slice(2)).toEqual([
    '| steady | container | 6 | 6, BROKEN | 0 / 2 | 0.3 / 1.3 | 0.0 | 90 |',
    '| steady | kafkajs | 1 | 7 | 0 | 0.3 | 0.0 | 90 |',
    '| steady | function | 1 | 0 | 0 | 0.3 | 0.0 | 90 |',
  ]);
  const page = reportHtml(merged.reports, merged.runs);
  expect(page.match(/<svg /g)).toHaveLength(2);
  expect(page.match(/<p>2026-11-2[678]T10:00/g)).toHaveLength(3);
  const again = mergeReports([fileOf('all.html', page)]);
  expect(again.reports.map(({ outcomes }) => outcomes.length)).toEqual([6, 1, 1]);
  expect(again.reports[0]?.drawings).toHaveLength(2);
  expect(again.runs).toEqual([conditions, later, third]);

  const other = { ...reportOf('container', [good]), promised: { doubled: 9 } };
  const stranger = fileOf('other.html', reportHtml([other], [later]));
  expect(() => mergeReports([one, two, one])).toThrow('the run of 2026-11-26T10:00:00.000Z is in the files before');
  expect(() => mergeReports([one, stranger])).toThrow('steady (container) ran under other conditions');
  const faster = fileOf('faster.html', reportHtml(reports.slice(0, 1), [{ ...later, rate: 4_000 }]));
  expect(() => mergeReports([one, faster])).toThrow('steady (container) ran under other conditions');
  const colder = fileOf('colder.html', reportHtml(reports.slice(0, 1), [{ ...later, warmUpMs: 0 }]));
  expect(() => mergeReports([one, colder])).toThrow('steady (container) ran under other conditions');
  const { warmUpMs: _, ...before } = { ...third, at: '2026-11-20T10:00:00.000Z' };
  const old = fileOf(
    'old.json',
    JSON.stringify({ runs: [before], scenarios: [reportJson(reportOf('function', [good]))] }),
  );
  expect(mergeReports([old]).runs).toEqual([{ ...before, warmUpMs: 0 }]);
  expect(() => mergeReports([three, three])).toThrow('the run of 2026-11-28T10:00:00.000Z is in the files before');
  expect(() => mergeReports([fileOf('no.json', '[{"scenario":"steady"}]')])).toThrow('is no report');
});
