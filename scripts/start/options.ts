import { StartupError } from '../../functions/runtime/errors.ts';
import { readSettings } from '../../functions/runtime/read-settings.ts';
import type { Settings } from '../../functions/runtime/settings.ts';
import type { ScalingPolicy } from '../../infra/scaling/policy.ts';
import { feedOptions } from '../feed/options.ts';
import type { RateStep } from '../feed/profile.ts';
import { CommandError, integerOption, UsageError, waitOption } from '../support/command.ts';
import type { StartFlags, startFlags } from './flags.ts';
import { type PlannedAction, parsePlan } from './plan.ts';
import { cpuOption, policyOption, withBurst } from './scaling-options.ts';

/** What is to be started. */
export interface StartOptions {
  /** Undefined: the local cluster. */
  readonly bootstrapServers: string[] | undefined;
  /** How the processor runs: as containers, or as a function behind the local event source. */
  readonly mode: 'container' | 'function';
  readonly instances: number;
  /** Share of a core for each instance; undefined: as much as there is. */
  readonly cpu: number | undefined;
  /** What the autoscaler follows; undefined: instances are added and removed by hand. */
  readonly policy: ScalingPolicy | undefined;
  readonly feed: {
    readonly rate: number;
    readonly profile?: readonly RateStep[] | undefined;
    readonly poisonShare: number;
    readonly symbols?: number | undefined;
    readonly contracts?: number | undefined;
    readonly seed?: number | undefined;
  };
  readonly forMs: number | undefined;
  /** Ends once the feed's profile is over and the autoscaler is back at its minimum. */
  readonly endsAtRest: boolean;
  readonly plan: readonly PlannedAction[];
  readonly json: boolean;
  readonly plain: boolean;
  /** Whether storage and analytics run as well, with a database. */
  readonly database: boolean;
  /** The size at which the tables of the local database are emptied. */
  readonly databaseBytes: number;
  /** What the instances will make of the environment. */
  readonly settings: Settings;
}

const defaultRate = '500';
const defaultPoisonShare = '0.002';
const defaultDatabaseGb = '4';

/** Reads flags and environment. Everything wrong is told before anything is started. */
export function readOptions(flags: StartFlags, positionals: readonly string[], env: NodeJS.ProcessEnv): StartOptions {
  const mode = modeOption(textOf(flags, 'mode') ?? 'container');
  const loaded = flags.burst === true ? withBurst(flags, mode) : flags;
  const given = (name: keyof typeof startFlags): string | undefined => textOf(loaded, name);
  const rate = given('rate') ?? (given('profile') === undefined ? defaultRate : undefined);
  const feed = feedOptions(
    {
      ...{ rate, profile: given('profile'), 'poison-share': given('poison-share') ?? defaultPoisonShare },
      ...{ symbols: given('symbols'), contracts: given('contracts'), seed: given('seed') },
    },
    positionals,
    env,
  );
  const forText = given('for');
  const forMs = forText === undefined ? undefined : waitOption('for', forText);
  const plan = parsePlanWithin(given('plan'), forMs);
  const policy = policyOption(flags, plan);
  const json = flags.json === true;
  const endsAtRest = json && forMs === undefined && policy !== undefined && flags.burst === true;
  if (json && forMs === undefined && !endsAtRest) {
    throw new UsageError('--json reports at the end: it needs --for, or --autoscale and --burst, which have an end');
  }
  const instances = policy?.minimum ?? (mode === 'container' ? 4 : 2);
  return {
    bootstrapServers: feed.bootstrapServers,
    mode,
    instances: integerOption('instances', given('instances') ?? String(instances), 1, 35),
    cpu: cpuOption(given('cpu'), mode),
    policy,
    feed: {
      ...{ rate: feed.rate ?? 0, profile: feed.profile, poisonShare: feed.poisonShare ?? 0 },
      ...{ symbols: feed.symbols, contracts: feed.contracts, seed: feed.seed },
    },
    ...{ forMs, endsAtRest, plan, json, plain: flags.plain === true },
    database: flags['without-database'] !== true,
    databaseBytes: integerOption('database-gb', given('database-gb') ?? defaultDatabaseGb, 1, 10_000) * 2 ** 30,
    settings: settingsOf(env),
  };
}

function textOf(flags: StartFlags, name: keyof typeof startFlags): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

function modeOption(mode: string): StartOptions['mode'] {
  if (mode === 'container' || mode === 'function') return mode;
  throw new UsageError(`--mode takes container or function, not '${mode}'`);
}

function parsePlanWithin(plan: string | undefined, forMs: number | undefined): PlannedAction[] {
  const steps = plan === undefined ? [] : parsePlan(plan);
  const late = steps.find((step) => forMs !== undefined && step.atMs >= forMs);
  if (late) throw new UsageError(`--plan has a step at ${late.atMs / 1_000} s, but --for ends before`);
  return steps;
}

/** The instances' settings, checked here first: four processes that exit at once would say the same four times. */
function settingsOf(env: NodeJS.ProcessEnv): Settings {
  try {
    const settings = readSettings({ ...env, KAFKA_BOOTSTRAP_SERVERS: env.KAFKA_BOOTSTRAP_SERVERS || 'local:1' });
    if (settings.security === 'plaintext') return settings;
  } catch (error) {
    if (error instanceof StartupError) throw new CommandError(error.problems.join('\n'));
    throw error;
  }
  throw new CommandError('feeds and reads plaintext clusters only: unset KAFKA_SECURITY, or leave the cluster local');
}
