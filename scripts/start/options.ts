import { StartupError } from '../../functions/runtime/errors.ts';
import { readSettings } from '../../functions/runtime/read-settings.ts';
import type { Settings } from '../../functions/runtime/settings.ts';
import { feedOptions } from '../feed/options.ts';
import { CommandError, durationOption, integerOption, UsageError } from '../support/command.ts';
import { type PlannedAction, parsePlan } from './plan.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/** The flags of `npm start`. */
export const startFlags = {
  ...{ instances: text, rate: text, symbols: text, contracts: text, 'poison-share': text, seed: text },
  ...{ mode: text, for: text, plan: text, json: flag, plain: flag },
} as const;

/** What is to be started. */
export interface StartOptions {
  /** Undefined: the local cluster. */
  readonly bootstrapServers: string[] | undefined;
  /** How the processor runs: as containers, or as a function behind the local event source. */
  readonly mode: 'container' | 'function';
  readonly instances: number;
  readonly feed: {
    readonly rate: number;
    readonly poisonShare: number;
    readonly symbols?: number | undefined;
    readonly contracts?: number | undefined;
    readonly seed?: number | undefined;
  };
  readonly forMs: number | undefined;
  readonly plan: readonly PlannedAction[];
  readonly json: boolean;
  readonly plain: boolean;
  /** What the instances will make of the environment. */
  readonly settings: Settings;
}

type Flags = { readonly [Name in keyof typeof startFlags]?: string | boolean | undefined };

const defaultRate = '500';
const defaultPoisonShare = '0.002';

/** Reads flags and environment. Everything wrong is told before anything is started. */
export function readOptions(flags: Flags, positionals: readonly string[], env: NodeJS.ProcessEnv): StartOptions {
  const given = (name: keyof typeof startFlags): string | undefined => {
    const value = flags[name];
    return typeof value === 'string' ? value : undefined;
  };
  const feed = feedOptions(
    {
      ...{ rate: given('rate') ?? defaultRate, 'poison-share': given('poison-share') ?? defaultPoisonShare },
      ...{ symbols: given('symbols'), contracts: given('contracts'), seed: given('seed') },
    },
    positionals,
    env,
  );
  const forText = given('for');
  const forMs = forText === undefined ? undefined : durationOption('for', forText);
  const mode = modeOption(given('mode') ?? 'container');
  const plan = parsePlanWithin(given('plan'), forMs);
  if (flags.json === true && forMs === undefined) throw new UsageError('--json reports at the end: it needs --for');
  const { symbols, contracts, seed, bootstrapServers, rate = 0, poisonShare = 0 } = feed;
  return {
    bootstrapServers,
    mode,
    instances: integerOption('instances', given('instances') ?? (mode === 'container' ? '4' : '2'), 1, 35),
    feed: { rate, poisonShare, symbols, contracts, seed },
    forMs,
    plan,
    json: flags.json === true,
    plain: flags.plain === true,
    settings: settingsOf(env),
  };
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
