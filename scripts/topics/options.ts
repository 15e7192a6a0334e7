import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { principals } from '../../infra/rights.ts';
import type { TopicDeclaration } from '../../infra/topics.ts';
import { CommandError, integerOption, UsageError } from '../support/command.ts';
import { type MskFlags, mskFlagProblems, namesMskCluster } from './msk/flags.ts';
import { targetKinds } from './open-target.ts';
import type { PlanOptions } from './plan.ts';
import type { TargetKind, TargetOptions } from './target.ts';

/** The flags as typed. */
export interface TopicsFlags extends MskFlags {
  readonly target?: string | undefined;
  readonly bootstrap?: string | undefined;
  readonly declared?: string | undefined;
  readonly sample?: string | undefined;
  readonly 'accept-key-movement'?: readonly string[] | undefined;
}

/** What the command line means. */
export interface TopicsOptions {
  readonly target: TargetOptions;
  readonly plan: PlanOptions;
  /** Where the declarations are, for the report. */
  readonly source: string;
  /** The flags that lead to the same cluster and declarations again, for the commands that the report proposes. */
  readonly again: RepeatedFlags;
}

/** Flags as they are typed in a shell: each begins with a space; empty when there was none. */
export interface RepeatedFlags {
  readonly target: string;
  readonly accepted: string;
}

const defaultSource = 'infra/topics.ts';

/**
 * @throws UsageError with everything wrong in the flags
 * @throws CommandError when the file of declarations is not one
 */
export async function topicsOptions(flags: TopicsFlags, environment: NodeJS.ProcessEnv): Promise<TopicsOptions> {
  const problems: string[] = [];
  const kind = kindOf(flags, environment, problems);
  const { bootstrap, 'accept-key-movement': accepted = [] } = flags;
  problems.push(...mskFlagProblems(flags, kind));
  if (kind === 'local' && bootstrap !== undefined) problems.push('--bootstrap goes with --target kafka or msk');
  if (bootstrap?.trim() === '') problems.push("--bootstrap takes host:port, or several with commas between, not ''");
  let sample = 0;
  try {
    sample = integerOption('sample', flags.sample ?? '6000', 1, 100_000);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    problems.push(error.message);
  }
  const source = flags.declared ?? defaultSource;
  if (!existsSync(source)) problems.push(`--declared '${source}' does not exist`);
  if (problems.length > 0) throw new UsageError(problems.join('; '));
  const declared = await readDeclarations(source);
  const stranger = accepted.find((topic) => !declared.some(({ name }) => name === topic));
  if (stranger !== undefined) throw new UsageError(`--accept-key-movement '${stranger}' is no topic of ${source}`);
  const cluster = flags['cluster-arn'] ?? flags['cluster-name'];
  const msk = { cluster, region: flags.region, brokersVia: flags['brokers-via'] };
  const target = { kind, ...msk, bootstrapServers: bootstrap, environment, declared };
  return {
    target,
    plan: { declared, accepted, sample, principals: flags.declared === undefined ? principals : [] },
    source,
    again: repeatedFlags(flags),
  };
}

const repeated = ['target', 'bootstrap', 'cluster-arn', 'cluster-name', 'region', 'brokers-via', 'declared'] as const;

function repeatedFlags(flags: TopicsFlags): RepeatedFlags {
  const text = (name: string, value: string | undefined) => (value === undefined ? '' : ` --${name} ${quoted(value)}`);
  return {
    target: repeated.map((name) => text(name, flags[name])).join(''),
    accepted: (flags['accept-key-movement'] ?? []).map((topic) => text('accept-key-movement', topic)).join(''),
  };
}

function quoted(value: string): string {
  return /^[\w.,:/@=+-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

function kindOf(flags: TopicsFlags, environment: NodeJS.ProcessEnv, problems: string[]): TargetKind {
  const { target } = flags;
  if (target !== undefined) {
    const kind = targetKinds.find((one) => one === target);
    if (kind !== undefined) return kind;
    problems.push(`--target takes ${targetKinds.join(', ')}, not '${target}'`);
  }
  if (namesMskCluster(flags)) return 'msk';
  const named = flags.bootstrap ?? environment.KAFKA_BOOTSTRAP_SERVERS?.trim();
  return named ? 'kafka' : 'local';
}

async function readDeclarations(source: string): Promise<readonly TopicDeclaration[]> {
  let loaded: { readonly topics?: unknown };
  try {
    loaded = await import(pathToFileURL(resolve(source)).href);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`${source} cannot be loaded (${reason}): correct it.`);
  }
  const { topics } = loaded;
  if (!Array.isArray(topics) || !topics.every(isDeclaration)) {
    throw new CommandError(
      `${source} does not export 'topics' as a list of name, partitions, replicationFactor and configs: see ${defaultSource}.`,
    );
  }
  return topics;
}

function isDeclaration(value: unknown): value is TopicDeclaration {
  if (typeof value !== 'object' || value === null) return false;
  const { name, partitions, replicationFactor, configs } = value as Partial<Record<keyof TopicDeclaration, unknown>>;
  const counts = [partitions, replicationFactor].every((count) => Number.isSafeInteger(count) && Number(count) > 0);
  return (
    typeof name === 'string' &&
    counts &&
    typeof configs === 'object' &&
    configs !== null &&
    Object.values(configs).every((one) => typeof one === 'string')
  );
}
