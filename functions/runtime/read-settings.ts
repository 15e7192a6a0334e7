import { readFileSync } from 'node:fs';
import { messageOf, StartupError } from './errors.ts';
import type { SettingSpec } from './setting-kinds.ts';
import { type Settings, settingSpecs } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The setting's value as it may be shown: secrets are masked, also a password in front of a host, where some would expect to
 * give it; control characters are escaped, long text is cut.
 */
export function shown(spec: Pick<SettingSpec<unknown>, 'secret'>, value: string): string {
  if (spec.secret) return '****';
  const masked = value.replace(/:[^\s,@]*@/g, ':****@');
  const printable = JSON.stringify(masked.length > 80 ? `${masked.slice(0, 80)}...` : masked);
  return `'${printable.slice(1, -1).replaceAll('\\"', '"')}'`;
}

/**
 * What a variable holds; `undefined` when it is empty or blank. Spaces around it are nobody's intention, but those of a secret
 * may be part of it: it only loses a line end, which the file that it came from had.
 */
export function givenText(
  { name, secret }: Pick<SettingSpec<unknown>, 'name' | 'secret'>,
  env: Environment,
): string | undefined {
  const raw = env[name] ?? '';
  const trimmed = raw.trim();
  if (trimmed === '') return undefined;
  return secret ? raw.replace(/[\r\n]+$/, '') : trimmed;
}

function readOne(spec: SettingSpec<unknown>, env: Environment, problems: string[]): unknown {
  const applied = givenText(spec, env) ?? spec.fallback;
  if (applied === undefined) {
    problems.push(`${spec.name} is not set. It takes ${spec.accepts}. ${spec.effect}`);
    return undefined;
  }
  if (applied === null) return undefined;
  const value = spec.parse(applied);
  if (value === undefined) problems.push(`${spec.name} is ${shown(spec, applied)}, but takes ${spec.accepts}.`);
  return value;
}

/** The values of a table of settings, by its names. What is wrong is added to the problems, and has no value. */
export function readTable(
  specs: Readonly<Record<string, SettingSpec<unknown>>>,
  env: Environment,
  problems: string[],
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, readOne(spec, env, problems)]));
}

/** What is wrong with settings that are each as they should be. One that is not is `undefined`, and its own problem. */
function conflicts(settings: Partial<Settings>): string[] {
  const { heartbeatIntervalMs, fetchMaxWaitMs, sessionTimeoutMs, fetchMaxPartitionBytes, fetchMaxBytes } = settings;
  const problems: string[] = [];
  if (isAbove(heartbeatIntervalMs, sessionTimeoutMs, 3)) {
    problems.push(
      `KAFKA_HEARTBEAT_INTERVAL_MS is ${heartbeatIntervalMs}, but takes at most a third of ` +
        `KAFKA_SESSION_TIMEOUT_MS (${sessionTimeoutMs}).`,
    );
  }
  if (isAbove(fetchMaxWaitMs, sessionTimeoutMs, 2)) {
    problems.push(
      `KAFKA_FETCH_MAX_WAIT_MS is ${fetchMaxWaitMs}, but takes at most half of ` +
        `KAFKA_SESSION_TIMEOUT_MS (${sessionTimeoutMs}): heartbeats go out between fetches.`,
    );
  }
  if (isAbove(fetchMaxPartitionBytes, fetchMaxBytes, 1)) {
    problems.push('KAFKA_FETCH_MAX_PARTITION_BYTES is above KAFKA_FETCH_MAX_BYTES: lower it, or raise the other.');
  }
  return [...problems, ...securityProblems(settings)];
}

/** What is wrong with how client and brokers are to know each other. */
export function securityProblems(settings: Partial<Settings>): string[] {
  const { security, username, password, caFile, certFile, keyFile } = settings;
  const problems: string[] = [];
  if (security === 'scram' && (username === undefined || password === undefined)) {
    problems.push('KAFKA_SECURITY is scram, which needs both KAFKA_USERNAME and KAFKA_PASSWORD.');
  }
  if ((certFile === undefined) !== (keyFile === undefined)) {
    problems.push('KAFKA_CERT_FILE and KAFKA_KEY_FILE go together: set both, or neither.');
  }
  if (security === 'plaintext' && (certFile ?? keyFile) !== undefined) {
    problems.push(
      'KAFKA_CERT_FILE and KAFKA_KEY_FILE are set, but KAFKA_SECURITY is plaintext, which shows none: set it to tls.',
    );
  }
  const { caFile: ca, certFile: cert, keyFile: key } = settingSpecs;
  for (const [spec, path] of [
    [ca, caFile],
    [cert, certFile],
    [key, keyFile],
  ] as const) {
    if (path !== undefined) problems.push(...unreadable(spec, path));
  }
  return problems;
}

function isAbove(value: number | undefined, limit: number | undefined, times: number): boolean {
  return value !== undefined && limit !== undefined && value * times > limit;
}

function unreadable(spec: SettingSpec<string>, path: string): string[] {
  try {
    readFileSync(path);
    return [];
  } catch (error) {
    return [
      `${spec.name} is ${shown(spec, path)}, which cannot be read (${reasonOf(error)}): name a PEM file that exists.`,
    ];
  }
}

/** The code of the operating system, which does not repeat the path. */
function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : messageOf(error);
}

/**
 * Reads and validates every setting once, and asks the function for what is wrong with its own.
 * @throws StartupError with all problems at once: the variable, the value (secrets masked) and what is accepted.
 */
export function readSettings(env: Environment, checkOwn?: (env: Environment) => readonly string[]): Settings {
  const problems: string[] = [];
  const settings = readTable(settingSpecs, env, problems) as Settings; // the table's own types, which fromEntries cannot follow
  problems.push(...conflicts(settings), ...(checkOwn?.(env) ?? []));
  if (problems.length > 0) throw new StartupError('CONFIG_INVALID', problems);
  return settings;
}
