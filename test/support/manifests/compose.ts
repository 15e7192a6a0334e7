import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DCLinter } from 'dclint';
import { parse } from 'yaml';
import { pairSettings } from '../../../infra/database/server.ts';
import { type Bundles, graceProblems, imageProblems, seenMb, settingsOf } from './environment.ts';

interface Volume {
  readonly type: string;
  readonly source: string;
  readonly read_only?: boolean;
}

interface Service {
  readonly image?: string;
  readonly pull_policy?: string;
  readonly command?: readonly string[];
  readonly user?: string;
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
  readonly ports?: readonly string[];
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly deploy?: {
    readonly replicas?: number;
    readonly resources?: { readonly limits?: { readonly memory?: string } };
  };
  readonly volumes?: readonly Volume[];
}

interface ComposeFile {
  readonly include?: readonly { readonly path: string; readonly env_file: string }[];
  readonly services: Readonly<Record<string, Service>>;
}

/** What an image brings along, and what is declared elsewhere. */
export interface ComposeExpected {
  readonly imageEnv: Readonly<Record<string, string>>;
  readonly imageBase: string;
  readonly version: string;
  /** The arguments of the image when none are given. */
  readonly imageCommand: readonly string[];
  readonly bundles: Bundles;
  /** The version of PostgreSQL that tests run on. */
  readonly postgres: string;
}

/** Of dclint, whose own types name files that it does not ship under those names. */
interface LintResult {
  readonly messages: readonly { readonly line: number; readonly message: string; readonly rule: string }[];
}

const dclint = new DCLinter({
  rules: {
    // The order of keys is ours: what a service is, then what it needs, then how it runs.
    'service-keys-order': 0,
    'services-alphabetical-order': 0,
    'top-level-properties-order': 0,
    // The style of quotes is biome's business elsewhere, and nobody's here.
    'no-quotes-in-volumes': 0,
  },
  quiet: false,
  debug: false,
  exclude: [],
});

/** What the compose specification's schema, and dclint's rules, find wrong with a file. */
export function lintCompose(text: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'hft-compose-'));
  try {
    const path = join(folder, 'compose.yml');
    writeFileSync(path, text);
    const found = (dclint.lintFiles([path], false) as readonly LintResult[]).flatMap(({ messages }) => messages);
    return found.map(({ line, message, rule }) => `line ${line}: ${message} (${rule})`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What `${NAME}` and `${NAME:-default}` stand for. */
function interpolate(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(\w+)(?::-([^}]*))?\}/g, (whole, name: string, fallback?: string) => {
    return env[name] ?? fallback ?? whole;
  });
}

/** NAME=value lines, comments left out. */
export function readEnvFile(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)]));
}

/** The brokers that a file includes, with the ports and settings that it gives them. */
function included(path: string, file: ComposeFile): Readonly<Record<string, Service>> {
  const services = (file.include ?? []).map(({ path: other, env_file }) => {
    const env = readEnvFile(readFileSync(join(dirname(path), env_file), 'utf8'));
    const text = interpolate(readFileSync(join(dirname(path), other), 'utf8'), env);
    if (/\$\{/.test(text)) throw new Error(`${env_file} lacks ${/\$\{\w+/.exec(text)?.[0]}}`);
    return (parse(text, { merge: true }) as ComposeFile).services;
  });
  return Object.assign({}, ...services) as Readonly<Record<string, Service>>;
}

/** How many of each function there are. */
const replicas: Readonly<Record<string, number>> = { processor: 4, storage: 2, analytics: 2 };

/** What is wrong with a valid file, one line each. `text` is that of the file at `path`, or a changed one. */
export function composeProblems(path: string, text: string, expected: ComposeExpected): string[] {
  const file = parse(interpolate(text, {}), { merge: true }) as ComposeFile;
  const brokers = included(path, file);
  const services = { ...brokers, ...file.services };
  const { topics, migrate } = file.services;
  if (topics === undefined || migrate === undefined) return ['expected the services topics and migrate'];
  const internal = Object.keys(brokers).map((broker) => `${broker}:19092`);
  const problems = Object.entries(file.services).flatMap(([name, service]) =>
    serviceProblems(name, service, { path, services }),
  );
  for (const name of Object.keys(replicas)) {
    const service = file.services[name];
    const own = service === undefined ? ['expected this service'] : functionProblems(name, service, expected);
    problems.push(...own.map((problem) => `${name}: ${problem}`));
  }
  for (const name of [...Object.keys(replicas), 'topics']) {
    if (textValues(file.services[name]?.environment).KAFKA_BOOTSTRAP_SERVERS !== internal.join(',')) {
      problems.push(`${name}: KAFKA_BOOTSTRAP_SERVERS is not ${internal.join(',')}`);
    }
  }
  if (topics.image !== expected.imageBase) problems.push(`topics: image is not ${expected.imageBase}`);
  const script = topics.command?.[1] ?? '';
  const mount = topics.volumes?.[0];
  if (topics.command?.[0] !== 'node' || !existsSync(join(dirname(path), mount?.source ?? '', script))) {
    problems.push(`topics: there is no script ${script}`);
  }
  return [
    ...problems,
    ...migrateProblems(migrate, expected),
    ...databaseProblems(path, file.services, expected),
    ...databaseUrlProblems(file.services),
  ];
}

/** One of the functions: what it would say to its environment, and how it runs. */
function functionProblems(
  name: string,
  service: Service,
  { imageEnv, imageCommand, bundles, version }: ComposeExpected,
) {
  const [bundle = '', called] = service.command ?? imageCommand;
  const definition = bundles[bundle]?.find((one) => one.name === called);
  const { settings, problems } = settingsOf(
    { ...imageEnv, ...textValues(service.environment) },
    definition?.checkSettings,
  );
  if (called !== name || definition === undefined) problems.push(`there is no function ${bundle} ${called}`);
  if (settings !== undefined) {
    const seconds = Number(/^(\d+)s$/.exec(service.stop_grace_period ?? '10s')?.[1]);
    problems.push(...graceProblems(seconds * 1_000, settings));
  }
  problems.push(...imageProblems(service.image ?? '', version));
  if (service.pull_policy !== 'never') problems.push('an image of that name may come from elsewhere');
  if (service.deploy?.replicas !== replicas[name]) problems.push(`expected ${replicas[name]} replicas`);
  const memory = Number(/^(\d+)M$/.exec(service.deploy?.resources?.limits?.memory ?? '')?.[1]);
  if (!(memory * 1.048_576 >= 1.2 * (seenMb[name] ?? 0))) problems.push(`${memory} M of memory are short`);
  return problems;
}

function migrateProblems(service: Service, { version }: ComposeExpected): string[] {
  const problems = imageProblems(service.image ?? '', version);
  if (service.command?.join(' ') !== 'schema.mjs migrate') problems.push('it does not migrate');
  if (service.pull_policy !== 'never') problems.push('an image of that name may come from elsewhere');
  return problems.map((problem) => `migrate: ${problem}`);
}

/** Everybody names both servers, and with a password that is no secret of anybody's. */
function databaseUrlProblems(services: Readonly<Record<string, Service>>): string[] {
  return ['storage', 'analytics', 'migrate'].flatMap((name) => {
    const { DATABASE_URL = '', DATABASE_REPLICA_URLS = '' } = textValues(services[name]?.environment);
    const problems: string[] = [];
    const servers = ['database-1', 'database-2'].map((host) => `@${host}:5432/hft`);
    const named = [DATABASE_URL, DATABASE_REPLICA_URLS].every((url, index) => url.includes(servers[index] ?? ''));
    if (!named) problems.push(`${name}: expected URLs of ${servers.join(' and ')}`);
    const order = name === 'migrate' ? 'database-1' : 'migrate';
    const condition = name === 'migrate' ? 'service_healthy' : 'service_completed_successfully';
    if (services[name]?.depends_on?.[order]?.condition !== condition)
      problems.push(`${name}: does not wait for ${order}`);
    return problems;
  });
}

/** The primary and its replica: their version, their settings, who may reach them and what is mounted. */
function databaseProblems(
  path: string,
  services: Readonly<Record<string, Service>>,
  { postgres }: ComposeExpected,
): string[] {
  return ['database-1', 'database-2'].flatMap((name) => {
    const service = services[name];
    if (service === undefined) return [`${name}: expected this service`];
    const problems: string[] = [];
    if (service.image !== `postgres:${postgres}`) problems.push(`image is not postgres:${postgres}`);
    const settings = Object.entries(pairSettings).map(([key, value]) => `-c${key}=${value}`);
    if (service.command?.join(' ') !== ['postgres', ...settings].join(' ')) {
      problems.push('settings are not those of infra/database/server.ts');
    }
    // From version 18 on the data is in a folder of its version below this one.
    const kept = service.volumes?.some(({ type, source }) => type === 'volume' && source === name);
    if (!kept) problems.push('its data goes with the container');
    for (const { type, source } of service.volumes ?? []) {
      if (type === 'bind' && !isProgram(join(dirname(path), source))) problems.push(`${source} is no program`);
    }
    return problems.map((problem) => `${name}: ${problem}`);
  });
}

function isProgram(path: string): boolean {
  return existsSync(path) && (statSync(path).mode & 0o111) === 0o111;
}

function textValues(values: Service['environment']): Record<string, string> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, String(value)]));
}

/** What holds for every service of the file. */
function serviceProblems(
  name: string,
  service: Service,
  { path, services }: { readonly path: string; readonly services: Readonly<Record<string, Service>> },
): string[] {
  const problems: string[] = [];
  if (service.read_only !== true) problems.push('its root may be written');
  if (!service.cap_drop?.includes('ALL')) problems.push('keeps capabilities');
  if (!service.security_opt?.includes('no-new-privileges:true')) problems.push('may gain privileges');
  if (/^(root|0)\b/.test(service.user ?? '')) problems.push('runs as root');
  if (service.image?.startsWith('postgres:') && service.user === undefined) problems.push('runs as root');
  for (const port of service.ports ?? []) {
    if (!port.startsWith('127.0.0.1:')) problems.push(`${port} is open to others`);
  }
  for (const { type, source, read_only } of service.volumes ?? []) {
    if (type !== 'bind') continue;
    if (read_only !== true) problems.push(`${source} may be written`);
    if (!existsSync(join(dirname(path), source))) problems.push(`there is no ${source} to mount`);
  }
  if (service.depends_on === undefined && name !== 'database-1') problems.push('waits for nothing');
  for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
    if (services[other] === undefined) problems.push(`depends on ${other}, which there is not`);
    else if (condition === 'service_healthy' && services[other].healthcheck === undefined) {
      problems.push(`waits for ${other} to be healthy, which has no health check`);
    } else if (condition === 'service_started') problems.push(`does not wait until ${other} is up`);
  }
  return problems.map((problem) => `${name}: ${problem}`);
}
