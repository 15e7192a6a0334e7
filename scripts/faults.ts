import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LocalCluster, startCluster } from '../infra/cluster/cluster.ts';
import type { ApplicationName } from './faults/applications.ts';
import { drawingOf, reportHtml, summaryMarkdown } from './faults/html-report.ts';
import { judgeOutcomes } from './faults/judgement.ts';
import { type Network, openNetwork } from './faults/network.ts';
import { type FaultOptions, faultDescriptions, faultFlags, faultOptions } from './faults/options.ts';
import type { Outcome } from './faults/outcome.ts';
import { reportJson, reportText, type ScenarioReport } from './faults/report.ts';
import { runOnce } from './faults/run.ts';
import type { Scenario } from './faults/scenario.ts';
import { scenarios } from './faults/scenarios.ts';
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
    usage: ['', 'kill --repeats 10', 'sigterm join --beside kafkajs', '--list'],
    options: faultFlags,
    describe: faultDescriptions,
    notes: [
      'Exit code 0: nothing lost, out of order, committed ahead or unaccounted, and nothing doubled where that is promised.',
      'silence: the longest time in which one partition did not move, by the append times of the brokers. recovered: from',
      'the fault until no partition stood still for a second any more. exit: from SIGTERM to the end of the process.',
    ],
  },
  async (flags, names) => {
    if (flags.list) {
      for (const { name, summary } of scenarios) process.stdout.write(`${name.padEnd(22)} ${summary}\n`);
      return 0;
    }
    const options = faultOptions(flags, names);
    const bundle = options.bundle ?? (await buildBundle()).path;
    const reports = await withCluster((ground) => runAll(options, ground, bundle, flags.json));
    if (flags.json) process.stdout.write(`${JSON.stringify(reports.map(reportJson))}\n`);
    if (options.reportPath) writeReport(options.reportPath, reports, options);
    // The bare application promises nothing: it is there to compare with.
    const held = reports.every(
      ({ application, judgement: { broken, slow } }) =>
        application === 'kafkajs' || (broken.length === 0 && !(flags.judge && slow.length > 0)),
    );
    return held ? 0 : 1;
  },
);

/** What all scenarios share. */
interface Ground {
  readonly cluster: LocalCluster;
  readonly network: Network;
}

async function withCluster<Result>(use: (ground: Ground) => Promise<Result>): Promise<Result> {
  const dir = mkdtempSync(join(tmpdir(), 'hft-faults-cluster-'));
  const cluster = await startCluster({ dir, attached: true, temporary: true, outside: true, onProgress: say });
  const network = await openNetwork(
    cluster.outside.map(({ id, port, advertisedPort }) => ({ id, listenPort: advertisedPort, brokerPort: port })),
  );
  try {
    return await use({ cluster, network });
  } finally {
    await network.close();
    await cluster.stop({ graceMs: 0 });
    rmSync(dir, { recursive: true, force: true });
  }
}

async function runAll(options: FaultOptions, ground: Ground, bundle: string, json: boolean): Promise<ScenarioReport[]> {
  const reports: ScenarioReport[] = [];
  for (const scenario of options.scenarios) {
    for (const application of options.applications) {
      const reason = scenario.unavailable?.() ?? (application === 'function' ? scenario.containerOnly : undefined);
      if (reason !== undefined) {
        say(`${scenario.name} (${application}) is left out: ${reason}`);
        continue;
      }
      const report = await runScenario(options, scenario, application, ground, bundle);
      if (!json) process.stdout.write(`${reportText(report)}\n`);
      reports.push(report);
    }
    if (options.svgDir)
      draw(
        options.svgDir,
        reports.filter((report) => report.scenario === scenario),
      );
  }
  return reports;
}

async function runScenario(
  options: FaultOptions,
  scenario: Scenario,
  application: ApplicationName,
  ground: Ground,
  bundle: string,
): Promise<ScenarioReport> {
  const guard = startGuard(root, false);
  const outcomes: Outcome[] = [];
  try {
    for (let repeat = 1; repeat <= options.repeats; repeat += 1) {
      const logDir = options.logDir && join(options.logDir, `${scenario.name}-${application}-${repeat}`);
      const outcome = await runOnce({ ...options, ...ground, scenario, application, bundle, guard, logDir });
      outcomes.push(outcome);
      const { doubled, lost, silenceMs, recoveredMs, uncommittedForMs } = outcome;
      const since = doubled > 0 ? ` (uncommitted for up to ${uncommittedForMs} ms)` : '';
      say(
        `${scenario.name} (${application}) ${repeat} of ${options.repeats}: ${lost} lost, ${doubled} doubled${since}, ` +
          `silence ${Math.round(silenceMs)} ms, recovered ${Math.round(recoveredMs)} ms`,
      );
    }
  } finally {
    guard.dismiss();
  }
  const promised = scenario.promised({ ...options, instances: scenario.startsWith ?? options.instances });
  // Pollers commit less often than instances: how much one doubles that goes without a word is not promised.
  const atLeastOnce = application === 'function' && (scenario.functionDoubles || promised.doubled !== 0);
  const judgement = judgeOutcomes(outcomes, promised, atLeastOnce);
  return { scenario, application, promised, outcomes, judgement };
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
function writeReport(path: string, reports: readonly ScenarioReport[], options: FaultOptions): void {
  const [page, figures] = [resolve(path), resolve(path.replace(/(\.html)?$/, '.json'))];
  mkdirSync(dirname(page), { recursive: true });
  writeFileSync(page, reportHtml(reports, { ...options, at: new Date() }));
  writeFileSync(figures, `${JSON.stringify(reports.map(reportJson), null, 2)}\n`);
  process.stderr.write(`${summaryMarkdown(reports)}\n`);
  say(`written: ${page}, ${figures}`);
}
