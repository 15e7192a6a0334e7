import { arch, availableParallelism, platform } from 'node:os';
import { drawPanels } from './drawing.ts';
import { quantile, seconds } from './judgement.ts';
import type { Reported } from './outcome.ts';
import { reportJson, reportText, type ScenarioReport } from './report.ts';

/** What all scenarios of a run had in common. */
export interface RunConditions {
  /** When it was written, as ISO 8601. */
  readonly at: string;
  /** Its cores, system and architecture. */
  readonly machine?: string;
  readonly instances: number;
  readonly rate: number;
  readonly partitions: number;
  readonly sessionTimeoutMs: number;
  readonly brokerSessionMs: number;
  readonly warmUpMs: number;
  /** How many clusters shared the machine. */
  readonly atOnce: number;
}

const head = [
  'scenario',
  'application',
  'repeats',
  'lost, disordered, ahead, unaccounted',
  'doubled',
  'silence s',
  'recovered s',
  'MB',
];

/** A row a scenario and application: what is promised, and what it came to. Of several repeats the p50 and the p95. */
export function summaryRows(reports: readonly ScenarioReport[]): string[][] {
  return reports.map(({ scenario, application, outcomes, judgement }) => {
    const both = (of: (outcome: Reported) => number, show: (value: number) => string = String): string => {
      const values = outcomes.map(of);
      const [p50, p95] = [0.5, 0.95].map((share) => show(quantile(values, share)));
      return values.length === 1 || p50 === p95 ? `${p50}` : `${p50} / ${p95}`;
    };
    const wrong = outcomes.reduce(
      (sum, { lost, reordered, commitsAhead, unaccounted }) => sum + lost + reordered + commitsAhead + unaccounted,
      0,
    );
    return [
      scenario.name,
      application,
      String(outcomes.length),
      // The bare application promises nothing.
      judgement.broken.length > 0 && application !== 'kafkajs' ? `${wrong}, BROKEN` : String(wrong),
      both(({ doubled }) => doubled),
      both(({ silenceMs }) => silenceMs, seconds),
      both(({ recoveredMs }) => recoveredMs, seconds),
      both(({ peakMb }) => peakMb),
    ];
  });
}

/** The same as a Markdown table, for a README. */
export function summaryMarkdown(reports: readonly ScenarioReport[]): string {
  return [head, head.map(() => '---'), ...summaryRows(reports)].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** One page that needs nothing else: the summary, each scenario's table and drawing, and all figures as JSON. */
export function reportHtml(reports: readonly ScenarioReport[], runs: readonly RunConditions[]): string {
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  const scenarios = [...new Set(reports.map(({ scenario }) => scenario))];
  const json = JSON.stringify({ runs, scenarios: reports.map(reportJson) });
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Bad days</title>',
    '<style>body{font:14px/1.5 system-ui,sans-serif;margin:2rem;color:#1f2933}table{border-collapse:collapse}',
    'td,th{padding:.2rem .7rem;border-bottom:1px solid #d5dae0;text-align:left}pre{overflow-x:auto}svg{max-width:100%}</style>',
    '<h1>Bad days</h1>',
    ...runs.map(conditionsOf),
    '<p>Two figures are p50 / p95. Times are those at which brokers appended.</p>',
    `<table>${cells('th', head)}${summaryRows(reports)
      .map((row) => cells('td', row))
      .join('')}</table>`,
    ...scenarios.flatMap((scenario) => {
      const own = reports.filter((report) => report.scenario === scenario);
      return [`<h2>${escaped(scenario.name)}</h2>`, ...own.map(tableOf), drawingOf(own)];
    }),
    `<script type="application/json" id="figures">${json.replaceAll('<', '\\u003c')}</script>`,
    '</html>',
  ].join('\n');
}

function conditionsOf(run: RunConditions): string {
  const { at, machine, instances, rate, partitions, sessionTimeoutMs, brokerSessionMs, warmUpMs, atOnce } = run;
  const many = `${instances} instances where a scenario does not say, ${rate} records/s over ${partitions} partitions`;
  const where = machine === undefined ? '' : `, ${machine}`;
  const sessions = `session ${seconds(sessionTimeoutMs)} s, that of brokers ${seconds(brokerSessionMs)} s, which were warmed up for ${seconds(warmUpMs)} s`;
  return `<p>${escaped(`${at}${where}; ${many}, ${sessions}, ${atOnce} clusters at the same time.`)}</p>`;
}

/** The machine that this runs on. */
export function thisMachine(): string {
  return `${availableParallelism()} cores, ${platform()} ${arch()}`;
}

function tableOf(report: ScenarioReport): string {
  return `<pre>${escaped(reportText(report))}</pre>`;
}

/** Of each application the repeat in which a partition was silent longest, side by side. */
export function drawingOf(reports: readonly ScenarioReport[]): string {
  const [first] = reports;
  if (!first) return '';
  const panels = reports.flatMap(({ application, outcomes }) => {
    const [worst] = outcomes.toSorted((left, right) => right.silenceMs - left.silenceMs);
    return worst?.story ? [{ title: application, story: worst.story }] : [];
  });
  const earlier = reports.flatMap(({ drawings = [] }) => drawings);
  const drawn = panels.length > 0 ? [drawPanels(first.scenario.name, first.scenario.summary, panels)] : [];
  return [...drawn, ...earlier].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
