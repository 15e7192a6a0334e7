import { databaseSettingProblems, databaseSettingSpecs } from '../../functions/database/settings.ts';
import { StartupError } from '../../functions/runtime/errors.ts';
import { givenText, readSettings, shown } from '../../functions/runtime/read-settings.ts';
import type { SettingSpec } from '../../functions/runtime/setting-kinds.ts';
import { settingSpecs } from '../../functions/runtime/settings.ts';
import type { Finding } from './finding.ts';
import { misspellings } from './misspellings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a value can come from, the strongest first. */
export interface SettingSources {
  readonly flags: Environment;
  readonly environment: Environment;
  readonly envFile: Environment;
  /** The local cluster's brokers, for when nothing else names any. */
  readonly local: Environment;
}

/** One setting, as it applies. */
export interface SettingRow {
  readonly name: string;
  /** As it may be shown: secrets are masked. Empty when it is not set. */
  readonly value: string;
  readonly source: 'flag' | 'environment' | 'env file' | 'local cluster' | 'default' | 'not set';
  readonly effect: string;
  readonly accepts: string;
  readonly valid: boolean;
}

export interface SettingsReport {
  readonly rows: readonly SettingRow[];
  readonly findings: readonly Finding[];
}

const sourceNames = [
  ['flags', 'flag'],
  ['environment', 'environment'],
  ['envFile', 'env file'],
  ['local', 'local cluster'],
] as const;

const runtimeSpecs: readonly SettingSpec<unknown>[] = Object.values(settingSpecs);
const databaseSpecs: readonly SettingSpec<unknown>[] = Object.values(databaseSettingSpecs);
const specs = [...runtimeSpecs, ...databaseSpecs];

/** The settings that are anybody's business here: those of the database only where one is named. */
function specsFor(merged: Environment): readonly SettingSpec<unknown>[] {
  return usesDatabase(merged) ? specs : runtimeSpecs;
}

function usesDatabase(merged: Environment): boolean {
  return databaseSpecs.some(({ name }) => merged[name] !== undefined);
}

/** The environment that the sources make together. An empty value counts as none, as it does for the runtime. */
export function mergedEnvironment(sources: SettingSources): Record<string, string> {
  const merged: Record<string, string> = {};
  for (const { name } of specs) {
    const source = sourceNames.find(([key]) => sources[key][name]?.trim());
    if (source) merged[name] = sources[source[0]][name] ?? '';
  }
  return merged;
}

/** Every setting with its value and source, and everything wrong with them at once. */
export function inspectSettings(sources: SettingSources): SettingsReport {
  const merged = mergedEnvironment(sources);
  return {
    rows: specsFor(merged).map((spec) => rowOf(spec, sources)),
    findings: [...invalidSettings(merged), ...misspellings({ ...sources.envFile, ...sources.environment })],
  };
}

function rowOf(spec: SettingSpec<unknown>, sources: SettingSources): SettingRow {
  const { name, effect, accepts } = spec;
  const source = sourceNames.find(([key]) => sources[key][name]?.trim());
  const given = source && givenText(spec, sources[source[0]]);
  const applied = given ?? spec.fallback;
  if (applied === undefined || applied === null) {
    return { name, value: '', source: 'not set', effect, accepts, valid: applied === null };
  }
  return {
    name,
    value: shown(spec, applied).replace(/^'(.*)'$/, '$1'),
    source: source?.[1] ?? 'default',
    effect,
    accepts,
    valid: spec.parse(applied) !== undefined,
  };
}

/** What the runtime itself would say at start. */
function invalidSettings(environment: Environment): Finding[] {
  try {
    readSettings(environment, usesDatabase(environment) ? databaseSettingProblems : undefined);
    return [];
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return error.problems.map((problem) => {
      const unset = problem.includes(' is not set.');
      return {
        severity: 'problem',
        area: 'settings',
        what: problem.replace(/\.$/, ''),
        cause: unset ? 'It has no default.' : 'The value that applies is outside of what is accepted.',
        remedy: problem.startsWith(`${settingSpecs.bootstrapServers.name} is not set`)
          ? "Start a local cluster with 'npm run cluster -- start', set it, or use --bootstrap-servers."
          : 'Correct it where it is set: an instance refuses to start like this.',
      };
    });
  }
}
