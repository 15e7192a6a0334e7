import { join } from 'node:path';
import type { LocalCluster } from '../../infra/cluster/cluster.ts';
import type { Guard } from '../start/guard.ts';
import type { ApplicationName } from './applications.ts';
import { judgeOutcomes } from './judgement.ts';
import type { Network } from './network.ts';
import type { FaultOptions } from './options.ts';
import type { Outcome } from './outcome.ts';
import { promisedBy } from './promises.ts';
import type { ScenarioReport } from './report.ts';
import { runOnce } from './run.ts';
import type { Conditions, Scenario } from './scenario.ts';

/** A cluster, and the network in front of it. */
export interface Ground {
  readonly cluster: LocalCluster;
  readonly network: Network;
}

export interface SuiteOptions {
  readonly options: FaultOptions;
  /** Repeats run on each of them at the same time. */
  readonly grounds: readonly Ground[];
  readonly bundle: string;
  readonly guard: Guard;
  /** Progress, a line at a time. */
  say(line: string): void;
}

/** Runs the repeats of one scenario, or says why it cannot run. */
export async function runScenario(
  suite: SuiteOptions,
  scenario: Scenario,
  application: ApplicationName,
): Promise<ScenarioReport | undefined> {
  const { options, say } = suite;
  const reason = scenario.unavailable?.() ?? leftOut(scenario, application);
  if (reason !== undefined) {
    say(`${scenario.name} (${application}) is left out: ${reason}`);
    return undefined;
  }
  const conditions = {
    rate: options.rate,
    instances: scenario.startsWith ?? options.instances,
    sessionTimeoutMs: scenario.sessionTimeoutMs ?? options.sessionTimeoutMs,
  };
  const outcomes = await repeat(suite, scenario, application, conditions);
  const promised = promisedBy(application, scenario, conditions);
  const judgement = judgeOutcomes(outcomes, promised);
  return { scenario, application, promised, outcomes, judgement };
}

function leftOut({ containerOnly, parks }: Scenario, application: ApplicationName): string | undefined {
  if (application === 'kafkajs' && parks) return 'a bare application parks no keys';
  return application === 'function' ? containerOnly : undefined;
}

/** Each cluster takes the next repeat when it is done with one. */
async function repeat(
  suite: SuiteOptions,
  scenario: Scenario,
  application: ApplicationName,
  conditions: Conditions,
): Promise<Outcome[]> {
  const { options, grounds, bundle, guard, say } = suite;
  const repeats = options.repeatsOf.get(scenario.name) ?? options.repeats;
  const outcomes: Outcome[] = [];
  let next = 1;
  await Promise.all(
    grounds.map(async (ground) => {
      while (next <= repeats) {
        const number = next;
        next += 1;
        const logDir = options.logDir && join(options.logDir, `${scenario.name}-${application}-${number}`);
        const outcome = await runOnce({
          ...options,
          ...conditions,
          ...ground,
          scenario,
          application,
          bundle,
          guard,
          logDir,
        });
        outcomes[number - 1] = outcome;
        say(`${scenario.name} (${application}) ${number} of ${repeats}: ${summaryOf(outcome)}`);
      }
    }),
  );
  return outcomes;
}

function summaryOf({ doubled, lost, silenceMs, recoveredMs, uncommittedForMs }: Outcome): string {
  const since = doubled > 0 ? ` (uncommitted for up to ${uncommittedForMs} ms)` : '';
  const [silence, recovered] = [silenceMs, recoveredMs].map(Math.round);
  return `${lost} lost, ${doubled} doubled${since}, silence ${silence} ms, recovered ${recovered} ms`;
}
