import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { openCluster } from '../../infra/cluster/cluster.ts';
import { localDir } from '../../infra/cluster/jars.ts';
import { collectProblems, durationOption, integerOption, UsageError } from '../support/command.ts';
import type { SettingSources } from './settings.ts';

/** The flags as typed; a flag that was not typed is absent. */
export type DoctorFlags = {
  readonly [Flag in
    | 'bootstrap-servers'
    | 'group'
    | 'topic'
    | 'output-topic'
    | 'dead-letter-topic'
    | 'env-file'
    | 'interval'
    | 'sample']?: string | undefined;
};

/** How to examine. */
export interface DoctorOptions {
  readonly sources: SettingSources;
  /** Between the two looks at offsets. */
  readonly intervalMs: number;
  /** Most records read back from each of the output and the dead letter topic. */
  readonly sample: number;
}

const settingOfFlag = {
  'bootstrap-servers': 'KAFKA_BOOTSTRAP_SERVERS',
  group: 'KAFKA_GROUP_ID',
  topic: 'SOURCE_TOPIC',
  'output-topic': 'OUTPUT_TOPIC',
  'dead-letter-topic': 'DEAD_LETTER_TOPIC',
} as const;

/** The options that the command line means, or one UsageError with everything wrong in it. */
export function doctorOptions(
  flags: DoctorFlags,
  positionals: readonly string[],
  environment: NodeJS.ProcessEnv,
): DoctorOptions {
  const { list: problems, read } = collectProblems();
  if (positionals.length > 0) problems.push(`there is nothing to do with '${positionals.join(' ')}'`);
  const overrides: Record<string, string> = {};
  for (const [flag, setting] of Object.entries(settingOfFlag) as [keyof typeof settingOfFlag, string][]) {
    const text = flags[flag];
    if (text?.trim() === '') problems.push(`--${flag} takes a value, not ''`);
    else if (text !== undefined) overrides[setting] = text;
  }
  const envFile = read(() => readEnvFile(flags['env-file'])) ?? {};
  const intervalMs = read(() => intervalOption(flags.interval ?? '2s')) ?? 0;
  const sample = read(() => integerOption('sample', flags.sample ?? '2000', 0, 100_000)) ?? 0;
  if (problems.length > 0) throw new UsageError(problems.join('; '));
  return {
    sources: { flags: overrides, environment, envFile, local: localBrokers() },
    intervalMs,
    sample,
  };
}

function intervalOption(text: string): number {
  const ms = durationOption('interval', text);
  if (ms >= 200 && ms <= 600_000) return ms;
  throw new UsageError(`--interval takes 200ms to 10m, not '${text}'`);
}

function readEnvFile(path: string | undefined): Record<string, string | undefined> {
  if (path === undefined) return {};
  if (!existsSync(path)) throw new UsageError(`--env-file '${path}' does not exist`);
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`--env-file '${path}' cannot be read (${error instanceof Error ? error.message : error})`);
  }
}

function localBrokers(): Record<string, string> {
  const cluster = openCluster(join(localDir(), 'cluster'));
  return cluster ? { KAFKA_BOOTSTRAP_SERVERS: cluster.bootstrapServers.join(',') } : {};
}
