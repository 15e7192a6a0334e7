import { StartupError } from './errors.ts';
import type { SettingSpec } from './setting-kinds.ts';
import { type Settings, settingSpecs } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The setting's value as it may be shown: secrets are masked, control characters escaped, long text cut. */
export function shown(spec: Pick<SettingSpec<unknown>, 'secret'>, value: string): string {
  if (spec.secret) return '****';
  const printable = JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
  return `'${printable.slice(1, -1).replaceAll('\\"', '"')}'`;
}

function readOne(spec: SettingSpec<unknown>, env: Environment, problems: string[]): unknown {
  const given = env[spec.name]?.trim();
  const applied = given || spec.fallback;
  if (applied === undefined) {
    problems.push(`${spec.name} is not set. It takes ${spec.accepts}. ${spec.effect}`);
    return undefined;
  }
  if (applied === null) return undefined;
  const value = spec.parse(applied);
  if (value === undefined) problems.push(`${spec.name} is ${shown(spec, applied)}, but takes ${spec.accepts}.`);
  return value;
}

function conflicts(settings: Settings): string[] {
  const problems: string[] = [];
  if (settings.heartbeatIntervalMs * 3 > settings.sessionTimeoutMs) {
    problems.push(
      `KAFKA_HEARTBEAT_INTERVAL_MS is ${settings.heartbeatIntervalMs}, but takes at most a third of ` +
        `KAFKA_SESSION_TIMEOUT_MS (${settings.sessionTimeoutMs}).`,
    );
  }
  if (settings.fetchMaxWaitMs * 2 > settings.sessionTimeoutMs) {
    problems.push(
      `KAFKA_FETCH_MAX_WAIT_MS is ${settings.fetchMaxWaitMs}, but takes at most half of ` +
        `KAFKA_SESSION_TIMEOUT_MS (${settings.sessionTimeoutMs}): heartbeats go out between fetches.`,
    );
  }
  if (settings.fetchMaxPartitionBytes > settings.fetchMaxBytes) {
    problems.push('KAFKA_FETCH_MAX_PARTITION_BYTES is above KAFKA_FETCH_MAX_BYTES: lower it, or raise the other.');
  }
  if (settings.security === 'scram' && (settings.username === undefined || settings.password === undefined)) {
    problems.push('KAFKA_SECURITY is scram, which needs both KAFKA_USERNAME and KAFKA_PASSWORD.');
  }
  return problems;
}

/**
 * Reads and validates every setting once.
 * @throws StartupError with all problems at once: the variable, the value (secrets masked) and what is accepted.
 */
export function readSettings(env: Environment): Settings {
  const problems: string[] = [];
  const entries = Object.entries(settingSpecs).map(([name, spec]) => [name, readOne(spec, env, problems)]);
  const settings = Object.fromEntries(entries) as Settings; // the table's own types, which fromEntries cannot follow
  if (problems.length === 0) problems.push(...conflicts(settings));
  if (problems.length > 0) throw new StartupError('CONFIG_INVALID', problems);
  return settings;
}
