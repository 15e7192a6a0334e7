import { doctorOptions } from '../doctor/options.ts';
import { mergedEnvironment } from '../doctor/settings.ts';
import { requiredTarget, type Target } from '../doctor/target.ts';
import { collectProblems, durationOption, integerOption, UsageError } from '../support/command.ts';
import { momentOption } from '../support/moment.ts';
import { type Filter, type State, states } from './select.ts';

export const actions = ['list', 'show', 'redrive', 'export', 'discard', 'unpark'] as const;
export type Action = (typeof actions)[number];

type Text = 'bootstrap-servers' | 'env-file' | 'topic' | 'group' | 'key' | 'since' | 'until';
type Word = 'rate' | 'follow' | 'out' | 'reason' | 'bytes';
type Many = 'code' | 'function' | 'cause' | 'source' | 'state';

/** The flags as typed. */
export type DeadLettersFlags = { readonly [Flag in Text | Word]?: string | undefined } & {
  readonly [Flag in Many]?: readonly string[] | undefined;
} & { readonly [Flag in 'apply' | 'forget']?: boolean | undefined };

/** What the command was asked to do. */
export interface DeadLettersOptions {
  readonly action: Action;
  readonly target: Target;
  readonly filter: Filter;
  readonly apply: boolean;
  /** unpark: to take back the notes of keys that are parked with good reason, too. */
  readonly forget: boolean;
  /** The group that was named; undefined: that of the function which a record died in. */
  readonly group: string | undefined;
  /** The command line names it, and no setting. */
  readonly isGroupGiven: boolean;
  /** Records a second. */
  readonly rate: number;
  /** How long to look for what became of them. */
  readonly followMs: number;
  readonly out: string | undefined;
  readonly reason: string;
  /** Most bytes of a value that `show` prints. */
  readonly shownBytes: number;
}

const ofLetters: readonly Action[] = ['list', 'show', 'redrive', 'export', 'discard'];
/** The flags that only some actions take. */
const takenBy: Readonly<Partial<Record<keyof DeadLettersFlags, readonly Action[]>>> = {
  apply: ['redrive', 'discard', 'unpark'],
  forget: ['unpark'],
  rate: ['redrive'],
  follow: ['redrive'],
  out: ['export'],
  reason: ['discard'],
  bytes: ['show'],
  state: ['list', 'export'],
  code: ofLetters,
  cause: ofLetters,
  since: ofLetters,
  until: ofLetters,
};
const filters = ['code', 'function', 'cause', 'source', 'key', 'since', 'until'] as const;

/**
 * What the command line means.
 * @throws UsageError with everything wrong in it
 * @throws CommandError when the settings that apply are wrong
 */
export function deadLettersOptions(
  flags: DeadLettersFlags,
  positionals: readonly string[],
  env: NodeJS.ProcessEnv,
): DeadLettersOptions {
  const { list: problems, read } = collectProblems();
  const [word, ...places] = positionals;
  const action = actions.find((one) => one === word);
  if (action === undefined) problems.push(`it takes one of ${actions.join(', ')}, not '${word ?? ''}'`);
  else problems.push(...misplaced(action, flags, places));
  const { 'bootstrap-servers': servers, 'env-file': envFile, topic, group } = flags;
  const targetFlags = { 'bootstrap-servers': servers, 'env-file': envFile, group, 'dead-letter-topic': topic };
  const sources = read(() => doctorOptions(targetFlags, [], env).sources);
  const time = (name: 'since' | 'until') => {
    const text = flags[name];
    return text === undefined ? undefined : read(() => timeOption(name, text, Date.now()));
  };
  const filter: Filter = {
    states: read(() => statesOf(flags.state)) ?? [],
    places: places.flatMap((place) => read(() => placeOption(place)) ?? []),
    codes: flags.code ?? [],
    functions: flags.function ?? [],
    causes: flags.cause ?? [],
    sources: flags.source ?? [],
    key: flags.key === undefined ? undefined : read(() => keyOption(flags.key ?? '')),
    sinceMs: time('since'),
    untilMs: time('until'),
  };
  const rate = read(() => integerOption('rate', flags.rate ?? '100', 1, 1_000_000)) ?? 0;
  const followMs = read(() => durationOption('follow', flags.follow ?? '30s')) ?? 0;
  const shownBytes = read(() => integerOption('bytes', flags.bytes ?? '4096', 0)) ?? 0;
  if (problems.length > 0 || action === undefined || sources === undefined) throw new UsageError(problems.join('; '));
  return {
    ...{ action, target: requiredTarget(sources), filter, apply: flags.apply === true },
    ...{ forget: flags.forget === true, isGroupGiven: group !== undefined },
    ...{ group: mergedEnvironment(sources).KAFKA_GROUP_ID, rate, followMs, shownBytes },
    ...{ out: flags.out, reason: flags.reason ?? '' },
  };
}

function misplaced(action: Action, flags: DeadLettersFlags, places: readonly string[]): string[] {
  const given = (name: keyof DeadLettersFlags): boolean => flags[name] !== undefined && flags[name] !== false;
  const problems = (Object.keys(takenBy) as (keyof DeadLettersFlags)[])
    .filter((name) => given(name) && takenBy[name]?.includes(action) === false)
    .map((name) => `${action} takes no --${name}`);
  if (action === 'show') {
    if (places.length !== 1) problems.push('show takes one place: <partition>/<offset>');
    problems.push(...filters.filter(given).map((name) => `show takes no --${name}: it shows one record`));
  }
  if (action === 'unpark') {
    if (places.length > 0) problems.push('unpark takes no places: it is about keys, --key, --function, --source');
    if (flags.forget && !(['key', 'function', 'source'] as const).some(given))
      problems.push('unpark --forget takes --key, --function or --source: whose notes to forget');
  }
  if (action === 'export' && !flags.out) problems.push('export takes --out: the file to write');
  if (action === 'discard' && places.length === 0 && !filters.some(given)) {
    problems.push('discard takes places or filters: to discard all that wait, say --since 1970-01-01T00:00Z');
  }
  return problems;
}

function statesOf(given: readonly string[] = ['waiting']): readonly State[] {
  if (given.includes('all')) return states;
  return given.map((text) => {
    const state = states.find((one) => one === text);
    if (state === undefined) throw new UsageError(`--state takes one of ${states.join(', ')}, all, not '${text}'`);
    return state;
  });
}

/** `<partition>/<offset>`, in the one way to write it. */
function placeOption(text: string): string {
  const [, partition, offset] = /^(\d{1,9})\/(\d{1,15})$/.exec(text) ?? [];
  if (partition === undefined) throw new UsageError(`a place is <partition>/<offset>, such as 3/17, not '${text}'`);
  return `${Number(partition)}/${Number(offset)}`;
}

function keyOption(text: string): Buffer {
  if (!text.startsWith('hex:')) return Buffer.from(text);
  const digits = text.slice('hex:'.length);
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) throw new UsageError(`--key hex: takes pairs of digits, not '${digits}'`);
  return Buffer.from(digits, 'hex');
}

function timeOption(name: string, text: string, nowMs: number): number {
  return /^[\d.]+[a-z]+$/.test(text) ? nowMs - durationOption(name, text) : momentOption(name, text);
}
