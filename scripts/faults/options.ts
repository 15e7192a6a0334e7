import { durationOption, integerOption, UsageError, waitOption } from '../support/command.ts';
import type { ApplicationName } from './applications.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

/** The flags of `npm run faults`. */
export const faultFlags = {
  ...{
    repeats: text,
    'at-once': text,
    instances: text,
    rate: text,
    partitions: text,
    'session-timeout': text,
    'broker-session': text,
    'warm-up': text,
    backlog: text,
    host: text,
    beside: text,
  },
  ...{ svg: text, report: text, merge: flag, judge: flag, json: flag, list: flag, bundle: text, logs: text },
} as const;

export const faultDescriptions = {
  repeats: 'How often each scenario runs (default 1).',
  'at-once': 'Clusters on which repeats run at the same time (default 1): quicker, and a busier machine.',
  instances: 'Instances at the start, where the scenario does not say (default 4).',
  rate: 'Records a second (default 400).',
  partitions: 'Partitions of the topics (default 60).',
  'session-timeout': "The instances' KAFKA_SESSION_TIMEOUT_MS, as 6s or 10000ms (default 10s).",
  'broker-session': "The brokers' broker.session.timeout.ms (default 6s, as in the local cluster; Kafka's own is 9s).",
  'warm-up':
    'Before the first scenario 1000 records/s flow for so long, and no time is taken (default 30s; 0s: none do).',
  backlog: 'Records that are there before the instances, in the scenario of that name (default 200000).',
  host: 'container, function, or kafkajs: a bare kafkajs application alone (default container).',
  beside: 'kafkajs: every scenario a second time, with a bare kafkajs application.',
  svg: "A directory for drawings of each partition's owner and lag: of each scenario the repeat that was silent longest.",
  report: 'A page (.html) with the tables, drawings and figures of all scenarios, and its figures beside it as .json.',
  merge: 'Run none: make one table, and with --report one page, of the pages (or .json figures) of earlier runs.',
  judge: 'Fail also when it took longer than promised: machines differ.',
  json: 'Print one JSON document in place of the tables.',
  list: 'Show the scenarios, and run none.',
  bundle: 'The bundle to put to the test (default: built anew).',
  logs: "A directory in which to keep the instances' logs.",
} as const satisfies Record<keyof typeof faultFlags, string>;

export interface FaultOptions {
  readonly scenarios: readonly Scenario[];
  readonly repeats: number;
  /** Of scenarios that have a number of their own. */
  readonly repeatsOf: ReadonlyMap<string, number>;
  /** How many clusters there are, each with a repeat of its own. */
  readonly atOnce: number;
  readonly instances: number;
  readonly rate: number;
  readonly partitions: number;
  readonly backlog: number;
  readonly sessionTimeoutMs: number;
  /** Brokers give up one of them after so long without a word. */
  readonly brokerSessionMs: number;
  /** Records flow for so long before the first scenario. */
  readonly warmUpMs: number;
  readonly applications: readonly ApplicationName[];
  readonly bundle: string | undefined;
  readonly logDir: string | undefined;
  readonly svgDir: string | undefined;
  readonly reportPath: string | undefined;
}

type Flags = { readonly [Name in keyof typeof faultFlags]?: string | boolean | undefined };

/** Reads the flags and the names of scenarios; without a name, all run. */
export function faultOptions(flags: Flags, names: readonly string[]): FaultOptions {
  const given = (name: keyof Flags): string | undefined => {
    const value = flags[name];
    return typeof value === 'string' ? value : undefined;
  };
  const whole = (name: keyof Flags, fallback: string, min: number, max: number): number =>
    integerOption(name, given(name) ?? fallback, min, max);
  const sessionTimeoutMs = durationOption('session-timeout', given('session-timeout') ?? '10s');
  if (sessionTimeoutMs < 6_000 || sessionTimeoutMs > 300_000) {
    throw new UsageError('--session-timeout takes 6s to 300s: brokers accept no less');
  }
  const brokerSessionMs = waitOption('broker-session', given('broker-session') ?? '6s', 4_000, 60_000);
  const warmUpMs = waitOption('warm-up', given('warm-up') ?? '30s', 0, 600_000);
  const host = given('host') ?? 'container';
  if (host !== 'container' && host !== 'function' && host !== 'kafkajs') {
    throw new UsageError(`--host takes container, function or kafkajs, not '${host}'`);
  }
  const beside = given('beside');
  if (beside !== undefined && beside !== 'kafkajs') throw new UsageError(`--beside takes kafkajs, not '${beside}'`);
  if (host === beside)
    throw new UsageError('--host kafkajs goes without --beside: it is the application beside others');
  if (host !== 'container' && given('bundle') !== undefined) {
    throw new UsageError(
      'the event source calls dist/functions.mjs, the bare application no bundle: --bundle goes with --host container',
    );
  }
  return {
    ...named(names),
    repeats: whole('repeats', '1', 1, 1_000),
    atOnce: whole('at-once', '1', 1, 8),
    instances: whole('instances', '4', 1, 30),
    rate: whole('rate', '400', 1, 100_000),
    partitions: whole('partitions', '60', 1, 1_000),
    backlog: whole('backlog', '200000', 1_000, 100_000_000),
    sessionTimeoutMs,
    brokerSessionMs,
    warmUpMs,
    applications: beside === undefined ? [host] : [host, beside],
    bundle: given('bundle'),
    logDir: given('logs'),
    svgDir: given('svg'),
    reportPath: given('report'),
  };
}

/** `kill` or `kill:30`; `all`, or nothing: all that are not named. */
function named(names: readonly string[]): Pick<FaultOptions, 'scenarios' | 'repeatsOf'> {
  const known = new Map(scenarios.map((scenario) => [scenario.name, scenario]));
  const repeatsOf = new Map<string, number>();
  const wanted = names.map((text) => {
    const [name = '', count] = text.split(/:(.*)/s);
    if (count !== undefined && !/^[1-9]\d{0,2}$/.test(count)) {
      throw new UsageError(`'${text}': after the colon comes how often, a whole number from 1 to 999`);
    }
    if (count !== undefined) repeatsOf.set(name, Number(count));
    return name;
  });
  const unknown = wanted.filter((name) => name !== 'all' && !known.has(name));
  if (unknown.length > 0) {
    throw new UsageError(`there is no scenario '${unknown.join("', '")}': they are ${[...known.keys()].join(', ')}`);
  }
  const others = scenarios.filter(({ name }) => !wanted.includes(name));
  const chosen = wanted.flatMap((name) => (name === 'all' ? others : (known.get(name) ?? [])));
  const all = repeatsOf.get('all');
  if (all !== undefined) for (const { name } of others) repeatsOf.set(name, all);
  return { scenarios: names.length === 0 ? scenarios : chosen, repeatsOf };
}
