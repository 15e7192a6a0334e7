import { isAbsolute, relative, resolve } from 'node:path';
import { doctorOptions } from '../doctor/options.ts';
import { requiredTarget, type Target } from '../doctor/target.ts';
import { collectProblems, integerOption, UsageError } from '../support/command.ts';

/** The flags as typed. */
export type ReproFlags = {
  readonly [Flag in 'topic' | 'partition' | 'offset' | 'key' | 'bootstrap-servers' | 'env-file' | 'out']?:
    | string
    | undefined;
} & { readonly latest?: boolean | undefined };

/** Which record of the topic. */
export type Choice =
  | { readonly kind: 'at'; readonly partition: number; readonly offset: number }
  /** The newest, or the newest of a key. */
  | { readonly kind: 'latest'; readonly key?: string };

export interface ReproOptions {
  readonly choice: Choice;
  readonly target: Target;
  /** Where the test goes, from the root of the repository; undefined for a place that the record gives. */
  readonly out: string | undefined;
}

const most = 2_147_483_647;

/**
 * What the command line means.
 * @throws UsageError with everything wrong in it
 * @throws CommandError when the settings that apply are wrong
 */
export function reproOptions(
  flags: ReproFlags,
  positionals: readonly string[],
  env: NodeJS.ProcessEnv,
  root: string,
): ReproOptions {
  const { list: problems, read } = collectProblems();
  const { 'bootstrap-servers': servers, 'env-file': envFile, topic } = flags;
  const targetFlags = { 'bootstrap-servers': servers, 'env-file': envFile, 'dead-letter-topic': topic };
  const sources = read(() => doctorOptions(targetFlags, positionals, env).sources);
  const choice = choiceOf(flags, read);
  if (choice === undefined) problems.push('it takes --partition and --offset, or --latest, or --key');
  const out = flags.out === undefined ? undefined : read(() => outPath(flags.out ?? '', root));
  if (problems.length > 0 || choice === undefined || sources === undefined) throw new UsageError(problems.join('; '));
  return { choice, target: requiredTarget(sources), out };
}

function choiceOf(
  { partition, offset, latest, key }: ReproFlags,
  read: <Value>(parse: () => Value) => Value | undefined,
): Choice | undefined {
  const coordinates = partition !== undefined || offset !== undefined;
  const newest = latest === true || key !== undefined;
  if (coordinates === newest) return undefined;
  if (newest) return key === undefined ? { kind: 'latest' } : { kind: 'latest', key };
  if (partition === undefined || offset === undefined) return undefined;
  const at = {
    partition: read(() => integerOption('partition', partition, 0, most)) ?? 0,
    offset: read(() => integerOption('offset', offset, 0)) ?? 0,
  };
  return { kind: 'at', ...at };
}

function outPath(text: string, root: string): string {
  const path = relative(root, resolve(text)).replaceAll('\\', '/');
  if (!path.endsWith('.test.ts') || path.startsWith('..') || isAbsolute(path)) {
    throw new UsageError(`--out takes a path inside the repository that ends in .test.ts, not '${text}'`);
  }
  return path;
}
