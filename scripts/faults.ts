import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startCluster } from '../infra/cluster/cluster.ts';
import { drawingOf, type RunConditions, reportHtml, summaryMarkdown, thisMachine } from './faults/html-report.ts';
import { type Merged, mergeReports } from './faults/merge.ts';
import { openNetwork } from './faults/network.ts';
import { type FaultOptions, faultDescriptions, faultFlags, faultOptions } from './faults/options.ts';
import { reportJson, reportText, type ScenarioReport } from './faults/report.ts';
import { scenarios } from './faults/scenarios.ts';
import { type Ground, runScenario } from './faults/suite.ts';
import { warmUp } from './faults/warm-up.ts';
import { startGuard } from './start/guard.ts';
import { buildBundle } from './support/bundle.ts';
import { runCommand } from './support/command.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = (line: string): void => void process.stderr.write(`faults: ${line}\n`);

await runCommand(
  {
    name: 'faults',
    summary:
      'Bad days on a real three-broker cluster, with the ledger running: what was lost, doubled, and for how long.',
    usage: [
      '',
      'kill --repeats 10',
      'kill:30 join:30 poison --at-once 3 --report bad-days.html',
      'sigterm join --beside kafkajs',
      '--merge kill.html others.html --report bad-days.html',
      '--list',
    ],
    options: faultFlags,
    describe: faultDescriptions,
    notes: [
      'Exit code 0: nothing lost, out of order, committed ahead or unaccounted, and nothing doubled where that is promised.',
      'silence: the longest time in which one partition did not move, by the append times of the brokers. recovered: from',
      'the fault until no partition stood still for a second any more; that a broker starts, and that it is back, are faults of',
      'their own. exit: from SIGTERM to the end of the process.',
      'A scenario followed by a colon and a number has so many repeats; `all` stands for all that are not named.',
    ],
  },
  async (flags, names) => {
    if (flags.list) {
      for (const { name, summary } of scenarios) process.stdout.write(`${name.padEnd(22)} ${summary}\n`);
      return 0;
    }
    if (flags.merge) return printMerged(mergeReports(names), flags);
    const options = faultOptions(flags, names);
    const bundle = options.bundle ?? (await buildBundle()).path;
    const reports = await withGrounds(options, (grounds) => runAll(options, grounds, bundle, flags.json));
    if (flags.json) process.stdout.write(`${JSON.stringify(reports.map(reportJson))}\n`);
    if (options.reportPath) {
      process.stderr.write(`${summaryMarkdown(reports)}\n`);
      say(`written: ${options.reportPath}, and its figures beside it`);
    }
    return held(reports, flags.judge) ? 0 : 1;
  },
);

/** The bare application promises nothing: it is there to compare with. */
function held(reports: readonly ScenarioReport[], judge: boolean): boolean {
  return reports.every(
    ({ application, judgement: { broken, slow } }) =>
      application === 'kafkajs' || (broken.length === 0 && !(judge && slow.length > 0)),
  );
}

function printMerged(
  { reports, runs }: Merged,
  { json, judge, report }: { readonly json: boolean; readonly judge: boolean; readonly report?: string },
): number {
  process.stdout.write(json ? `${JSON.stringify(reports.map(reportJson))}\n` : `${summaryMarkdown(reports)}\n`);
  if (report) writeReport(report, reports, runs);
  return held(reports, judge) ? 0 : 1;
}

/** Starts the clusters, one after the other, and stops them all. */
async function withGrounds<Result>(
  { atOnce, brokerSessionMs }: FaultOptions,
  use: (grounds: readonly Ground[]) => Promise<Result>,
): Promise<Result> {
  await using ends = new AsyncDisposableStack();
  const grounds: Ground[] = [];
  for (let number = 1; number <= atOnce; number += 1) {
    const dir = mkdtempSync(join(tmpdir(), 'hft-faults-cluster-'));
    ends.defer(() => rmSync(dir, { recursive: true, force: true }));
    const settings = { 'broker.session.timeout.ms': String(brokerSessionMs) };
    const cluster = await startCluster({
      dir,
      attached: true,
      temporary: true,
      outside: true,
      settings,
      onProgress: say,
    });
    ends.defer(() => cluster.stop({ graceMs: 0 }));
    const network = await openNetwork(
      cluster.outside.map(({ id, port, advertisedPort }) => ({ id, listenPort: advertisedPort, brokerPort: port })),
    );
    ends.defer(() => network.close());
    grounds.push({ cluster, network });
  }
  return await use(grounds);
}

async function runAll(
  options: FaultOptions,
  grounds: readonly Ground[],
  bundle: string,
  json: boolean,
): Promise<ScenarioReport[]> {
  const reports: ScenarioReport[] = [];
  const guard = startGuard(root, false);
  try {
    await Promise.all(grounds.map((ground) => warmUp({ options, bundle, guard, say }, ground)));
    for (const scenario of options.scenarios) {
      const own: ScenarioReport[] = [];
      for (const application of options.applications) {
        const report = await runScenario({ options, grounds, bundle, guard, say }, scenario, application);
        if (!report) continue;
        if (!json) process.stdout.write(`${reportText(report)}\n`);
        own.push(report);
      }
      if (options.svgDir) draw(options.svgDir, own);
      reports.push(...own);
      // Written anew after each scenario: what took hours is not lost when it is interrupted.
      if (options.reportPath) writeReport(options.reportPath, reports, [conditionsNow(options)]);
    }
  } finally {
    guard.dismiss();
  }
  return reports;
}

function conditionsNow(options: FaultOptions): RunConditions {
  const { instances, rate, partitions, sessionTimeoutMs, brokerSessionMs, warmUpMs, atOnce } = options;
  const now = { at: new Date().toISOString(), machine: thisMachine() };
  return { ...now, instances, rate, partitions, sessionTimeoutMs, brokerSessionMs, warmUpMs, atOnce };
}

function draw(dir: string, reports: readonly ScenarioReport[]): void {
  const [first] = reports;
  if (!first) return;
  mkdirSync(dir, { recursive: true });
  const path = join(dir, `${first.scenario.name}.svg`);
  writeFileSync(path, drawingOf(reports));
  say(`drawn: ${path}`);
}

/** The page, and beside it the figures alone. */
function writeReport(path: string, reports: readonly ScenarioReport[], runs: readonly RunConditions[]): void {
  const [page, figures] = [resolve(path), resolve(path.replace(/(\.html)?$/, '.json'))];
  mkdirSync(dirname(page), { recursive: true });
  writeFileSync(page, reportHtml(reports, runs));
  writeFileSync(figures, `${JSON.stringify({ runs, scenarios: reports.map(reportJson) }, null, 2)}\n`);
}
