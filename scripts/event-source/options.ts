import { givenText } from '../../functions/runtime/read-settings.ts';
import { parseBrokers } from '../../functions/runtime/setting-kinds.ts';
import { settingSpecs } from '../../functions/runtime/settings.ts';
import { durationOption, integerOption, UsageError, waitOption } from '../support/command.ts';
import type { FailurePolicy } from './deliver.ts';
import type { EventSourceKind } from './payload.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

/** The flags of `npm run event-source`. */
export const eventSourceFlags = {
  ...{ function: text, 'bootstrap-servers': text, topic: text, group: text, source: text },
  ...{ 'batch-size': text, window: text, timeout: text, 'min-pollers': text, 'max-pollers': text, concurrency: text },
  ...{ retries: text, 'record-age': text, 'no-bisect': flag, 'on-failure': text, for: text, log: text, json: flag },
} as const;

export const eventSourceDescriptions = {
  function: 'The function to call, by its name in the bundle (default processor).',
  'bootstrap-servers': 'Brokers as host:port, by commas (default KAFKA_BOOTSTRAP_SERVERS, else the local cluster).',
  topic: "The topic to poll (default SOURCE_TOPIC, else the function's own).",
  group: "The consumer group (default KAFKA_GROUP_ID, else the function's own).",
  source: 'msk or self-managed: which of the two events to send (default msk).',
  'batch-size': 'Most records of an event, 1 to 10000 (default 1000, as in serverless.yml).',
  window: 'How long a batch is gathered, up to 300s (default 500ms).',
  timeout: 'How long an invocation may take, 1s to 900s (default 90s).',
  'min-pollers': 'Pollers at least, 1 to 200 (default 1).',
  'max-pollers': 'Pollers at most, 1 to 2000 (default as many as at least).',
  concurrency: 'Invocations of a poller at a time (default 5).',
  retries: 'Retries of a failed batch, up to 10000, or -1 for no end (default 10000).',
  'record-age': 'Age at which records are given up, such as 30s or 1h, or -1 (default 168h, the retention).',
  'no-bisect': 'Do not split a batch whose invocation failed.',
  'on-failure': 'kafka://topic for what is given up (default: it is dropped).',
  for: 'Stop after so long, such as 30s (default: at Ctrl-C).',
  log: 'text or json: how to tell what happens, json with metrics as an instance of the container has them (default text).',
  json: 'Print what was done as one line of JSON at the end.',
} as const satisfies Record<keyof typeof eventSourceFlags, string>;

/** What the command was asked to do. */
export interface CommandOptions {
  readonly functionName: string;
  readonly bootstrapServers: readonly string[] | undefined;
  readonly topic: string | undefined;
  readonly groupId: string | undefined;
  readonly kind: EventSourceKind;
  readonly batchSize: number;
  readonly windowMs: number;
  readonly timeoutMs: number;
  readonly minPollers: number;
  readonly maxPollers: number;
  readonly concurrency: number;
  readonly policy: FailurePolicy;
  readonly onFailureTopic: string | undefined;
  readonly forMs: number | undefined;
  readonly log: 'text' | 'json';
}

type Flags = { readonly [Name in keyof typeof eventSourceFlags]?: string | boolean | undefined };

/** Reads flags and environment, or throws one UsageError that names everything wrong with them. */
export function eventSourceOptions(
  flags: Flags,
  positionals: readonly string[],
  env: NodeJS.ProcessEnv,
  functions: readonly string[],
): CommandOptions {
  const problems = positionals.length > 0 ? [`there is nothing to do with '${positionals.join(' ')}'`] : [];

  function read<Value>(name: keyof Flags, fallback: Value, parse: (name: string, text: string) => Value): Value {
    const given = flags[name];
    if (typeof given !== 'string') return fallback;
    try {
      return parse(name, given);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(error.message);
      return fallback;
    }
  }
  const whole = (min: number, max: number) => (name: string, value: string) => integerOption(name, value, min, max);
  const within = (minMs: number, maxMs: number) => (name: string, value: string) =>
    waitOption(name, value, minMs, maxMs);
  const minPollers = read('min-pollers', 1, whole(1, 200));
  const maxPollers = read('max-pollers', minPollers, whole(1, 2_000));
  if (maxPollers < minPollers) problems.push('--max-pollers is below --min-pollers');
  const retries = (name: string, value: string): number =>
    value === '-1' ? -1 : integerOption(name, value, 0, 10_000);
  const age = (name: string, value: string): number => (value === '-1' ? -1 : durationOption(name, value));
  const options: CommandOptions = {
    functionName: read('function', 'processor', oneOf(functions)),
    bootstrapServers: brokersOf(flags, env, problems),
    topic: read('topic', env.SOURCE_TOPIC || undefined, topicName),
    groupId: read('group', env.KAFKA_GROUP_ID || undefined, topicName),
    kind: read('source', 'msk', oneOf(['msk', 'self-managed'])) === 'msk' ? 'aws:kafka' : 'SelfManagedKafka',
    batchSize: read('batch-size', 1_000, whole(1, 10_000)),
    // The service takes no more of either.
    windowMs: read('window', 500, within(0, 300_000)),
    timeoutMs: read('timeout', 90_000, within(1_000, 900_000)),
    ...{ minPollers, maxPollers, concurrency: read('concurrency', 5, whole(1, 100)) },
    policy: {
      maxRetries: read('retries', 10_000, retries),
      maxAgeMs: read('record-age', 604_800_000, age),
      bisect: flags['no-bisect'] !== true,
    },
    onFailureTopic: read('on-failure', undefined, destination),
    forMs: read<number | undefined>('for', undefined, waitOption),
    log: read('log', 'text', oneOf(['text', 'json'])) as 'text' | 'json',
  };
  const marginMs = deadlineMargin(env);
  if (options.timeoutMs <= marginMs) {
    problems.push(
      `--timeout must be longer than DEADLINE_MARGIN_MS, ${marginMs} ms: the function stops so long before it, and would handle nothing`,
    );
  }
  if (problems.length > 0) throw new UsageError(problems.join('; '));
  return options;
}

/** What the function will take. One that it refuses is told when it starts. */
function deadlineMargin(env: NodeJS.ProcessEnv): number {
  const spec = settingSpecs.deadlineMarginMs;
  return spec.parse(givenText(spec, env) ?? spec.fallback ?? '') ?? 0;
}

function oneOf(words: readonly string[]) {
  return (name: string, value: string): string => {
    if (words.includes(value)) return value;
    throw new UsageError(`--${name} takes one of ${words.join(', ')}, not '${value}'`);
  };
}

function topicName(name: string, value: string): string {
  if (/^[A-Za-z0-9._-]{1,249}$/.test(value)) return value;
  throw new UsageError(`--${name} takes letters, digits, dots, dashes and underscores, not '${value}'`);
}

function destination(name: string, value: string): string {
  const [, topic] = /^kafka:\/\/([A-Za-z0-9._-]{1,249})$/.exec(value) ?? [];
  if (topic !== undefined) return topic;
  throw new UsageError(`--${name} takes kafka://topic, not '${value}'`);
}

function brokersOf(flags: Flags, env: NodeJS.ProcessEnv, problems: string[]): readonly string[] | undefined {
  const given = flags['bootstrap-servers'];
  const [name, value] =
    typeof given === 'string'
      ? ['--bootstrap-servers', given]
      : ['KAFKA_BOOTSTRAP_SERVERS', env.KAFKA_BOOTSTRAP_SERVERS];
  if (!value) return undefined;
  const brokers = parseBrokers(value);
  if (brokers === undefined) problems.push(`${name} takes host:port, or several with commas between, not '${value}'`);
  return brokers;
}
