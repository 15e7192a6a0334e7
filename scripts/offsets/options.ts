import { doctorOptions } from '../doctor/options.ts';
import { requiredTarget, type Target } from '../doctor/target.ts';
import { collectProblems, UsageError } from '../support/command.ts';
import { type Destination, parseDestination } from './destination.ts';

export const actions = ['show', 'plan', 'apply', 'undo'] as const;
export type Action = (typeof actions)[number];

/** The flags as typed. */
export type OffsetsFlags = {
  readonly [Flag in 'bootstrap-servers' | 'env-file' | 'group' | 'topic' | 'partitions' | 'to' | 'out']?:
    | string
    | undefined;
} & { readonly new?: boolean | undefined };

/** What the command was asked to do. */
export interface OffsetsOptions {
  readonly action: Action;
  readonly target: Target;
  /** The partitions to look at or to change, in order; undefined for all. */
  readonly partitions: readonly number[] | undefined;
  /** What `plan` and `apply` were told. */
  readonly destination: Destination | undefined;
  /** As typed, for the report. */
  readonly to: string;
  readonly out: string | undefined;
  /** Whether the group may have no commit of the topic yet. */
  readonly isNew: boolean;
}

/**
 * What the command line means.
 * @throws UsageError with everything wrong in it
 * @throws CommandError when the settings that apply are wrong
 */
export function offsetsOptions(
  flags: OffsetsFlags,
  positionals: readonly string[],
  env: NodeJS.ProcessEnv,
): OffsetsOptions {
  const { list: problems, read } = collectProblems();
  const [word, ...rest] = positionals;
  const action = actions.find((one) => one === word);
  if (action === undefined) problems.push(`it takes one of ${actions.join(', ')}, not '${word ?? ''}'`);
  const { 'bootstrap-servers': servers, 'env-file': envFile, group, topic, to, out } = flags;
  const targetFlags = { 'bootstrap-servers': servers, 'env-file': envFile, group, topic };
  const sources = read(() => doctorOptions(targetFlags, rest, env).sources);
  const partitions = flags.partitions === undefined ? undefined : read(() => parsePartitions(flags.partitions ?? ''));
  const destination = to === undefined ? undefined : read(() => parseDestination(to));
  const moves = action === 'plan' || action === 'apply';
  if (moves && to === undefined) problems.push(`${action} takes --to: latest, earliest, a time, +100, -100 or a file`);
  if (action !== undefined && !moves && to !== undefined) problems.push(`${action} takes no --to`);
  if (action !== 'plan' && out !== undefined) problems.push('--out is for plan');
  if (problems.length > 0 || action === undefined || sources === undefined) throw new UsageError(problems.join('; '));
  const target = requiredTarget(sources);
  return { action, target, partitions, destination, to: to ?? '', out, isNew: flags.new === true };
}

const mostPartitions = 100_000;

/**
 * Reads partitions such as `0-9,12`, in order and each once.
 * @throws UsageError
 */
export function parsePartitions(text: string): number[] {
  const wrong = new UsageError(`--partitions takes numbers and ranges such as 0-9,12, not '${text}'`);
  const partitions = new Set<number>();
  for (const part of text.split(',')) {
    const [, first, last = first] = /^\s*(\d{1,6})(?:-(\d{1,6}))?\s*$/.exec(part) ?? [];
    if (first === undefined || Number(last) < Number(first) || Number(last) > mostPartitions) throw wrong;
    for (let partition = Number(first); partition <= Number(last); partition += 1) partitions.add(partition);
  }
  return [...partitions].sort((a, b) => a - b);
}
