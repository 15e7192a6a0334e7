import { isDeepStrictEqual } from 'node:util';
import { CommandError, UsageError } from '../support/command.ts';
import { readEarlier } from './earlier.ts';
import type { RunConditions } from './html-report.ts';
import { judgeOutcomes } from './judgement.ts';
import type { ScenarioReport } from './report.ts';
import { scenarios } from './scenarios.ts';

/** Several runs as if they had been one. */
export interface Merged {
  readonly reports: readonly ScenarioReport[];
  /** Of each run. */
  readonly runs: readonly RunConditions[];
}

/**
 * Puts the reports of earlier runs together: repeats of one scenario and application add up.
 * @param paths pages, or the figures beside them
 * @throws CommandError when a file is no report, or promised something else than the others
 */
export function mergeReports(paths: readonly string[]): Merged {
  if (paths.length === 0) throw new UsageError('--merge takes reports of earlier runs, such as kill.html others.html');
  const merged = new Map<string, ScenarioReport>();
  const conditions = new Map<string, string>();
  const runs: RunConditions[] = [];
  const drawings = new Map<string, string[]>();
  for (const path of paths) {
    const earlier = readEarlier(path);
    const twice = earlier.runs.find(({ at }) => runs.some((run) => run.at === at));
    if (twice) throw new CommandError(`${path}: the run of ${twice.at} is in the files before already`);
    runs.push(...earlier.runs);
    const under = conditionsOf(earlier.runs);
    for (const { name, application, promised, outcomes } of earlier.entries) {
      const scenario = scenarios.find((one) => one.name === name);
      if (!scenario) throw new CommandError(`${path}: there is no scenario '${name}'`);
      const key = `${name}/${application}`;
      const before = merged.get(key);
      if (before && !(isDeepStrictEqual(before.promised, promised) && conditions.get(key) === under)) {
        throw new CommandError(`${path}: ${name} (${application}) ran under other conditions than in the files before`);
      }
      conditions.set(key, under);
      const all = [...(before?.outcomes ?? []), ...outcomes];
      const judgement = judgeOutcomes(all, promised);
      merged.set(key, { scenario, application, promised, outcomes: all, judgement });
    }
    for (const [name, own] of earlier.drawings) drawings.set(name, [...(drawings.get(name) ?? []), ...own]);
  }
  // Applications of one scenario side by side. A drawing shows all of a run: it goes with the first of them.
  const names = [...new Set([...merged.values()].map(({ scenario }) => scenario.name))];
  const reports = names.flatMap((name) => {
    const own = [...merged.values()].filter(({ scenario }) => scenario.name === name);
    return own.map((report, index) => (index === 0 ? { ...report, drawings: drawings.get(name) ?? [] } : report));
  });
  return { reports, runs };
}

/** What makes figures comparable: not when it was, nor how many clusters shared the machine, which the page says. */
function conditionsOf(runs: readonly RunConditions[]): string {
  const each = runs.map(({ rate, instances, partitions, sessionTimeoutMs, brokerSessionMs, warmUpMs }) =>
    JSON.stringify({ rate, instances, partitions, sessionTimeoutMs, brokerSessionMs, warmUpMs }),
  );
  return [...new Set(each)].sort().join();
}
