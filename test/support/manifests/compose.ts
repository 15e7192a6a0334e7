import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DCLinter } from 'dclint';
import { parse } from 'yaml';
import { graceProblems, imageProblems, settingsOf } from './environment.ts';

interface Service {
  readonly image?: string;
  readonly pull_policy?: string;
  readonly command?: readonly string[];
  readonly user?: string;
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly deploy?: { readonly replicas?: number };
  readonly volumes?: readonly { readonly type: string; readonly source: string; readonly read_only?: boolean }[];
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

/** What is wrong with a valid file, one line each. `text` is that of the file at `path`, or a changed one. */
export function composeProblems(path: string, text: string, expected: ComposeExpected): string[] {
  const file = parse(interpolate(text, {})) as ComposeFile;
  const brokers = included(path, file);
  const services = { ...brokers, ...file.services };
  const { processor, topics } = file.services;
  if (processor === undefined || topics === undefined) return ['expected the services processor and topics'];
  const env = { ...expected.imageEnv, ...textValues(processor.environment) };
  const { settings, problems } = settingsOf(env);
  if (settings !== undefined) {
    const seconds = Number(/^(\d+)s$/.exec(processor.stop_grace_period ?? '10s')?.[1]);
    problems.push(...graceProblems(seconds * 1_000, settings));
  }
  problems.push(...imageProblems(processor.image ?? '', expected.version));
  if (processor.pull_policy !== 'never') problems.push('processor: an image of that name may come from elsewhere');
  if (processor.deploy?.replicas !== 4) problems.push('processor: expected 4 replicas');
  if (topics.image !== expected.imageBase) problems.push(`topics: image is not ${expected.imageBase}`);
  for (const [name, service] of Object.entries({ processor, topics })) {
    problems.push(...serviceProblems(name, service, services));
    const reached = textValues(service.environment).KAFKA_BOOTSTRAP_SERVERS;
    const internal = Object.keys(brokers).map((broker) => `${broker}:19092`);
    if (reached !== internal.join(',')) problems.push(`${name}: KAFKA_BOOTSTRAP_SERVERS is not ${internal.join(',')}`);
  }
  const script = topics.command?.[1] ?? '';
  const mount = topics.volumes?.[0];
  if (topics.command?.[0] !== 'node' || !existsSync(join(dirname(path), mount?.source ?? '', script))) {
    problems.push(`topics: there is no script ${script}`);
  }
  if (mount?.read_only !== true) problems.push('topics: the repository may be written');
  return problems;
}

function textValues(values: Service['environment']): Record<string, string> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, String(value)]));
}

function serviceProblems(name: string, service: Service, services: Readonly<Record<string, Service>>): string[] {
  const problems: string[] = [];
  if (service.read_only !== true) problems.push(`${name}: its root may be written`);
  if (!service.cap_drop?.includes('ALL')) problems.push(`${name}: keeps capabilities`);
  if (!service.security_opt?.includes('no-new-privileges:true')) problems.push(`${name}: may gain privileges`);
  if (/^(root|0)\b/.test(service.user ?? '')) problems.push(`${name}: runs as root`);
  if (service.depends_on === undefined) problems.push(`${name}: waits for nothing`);
  for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
    if (services[other] === undefined) problems.push(`${name}: depends on ${other}, which there is not`);
    else if (condition === 'service_healthy' && services[other].healthcheck === undefined) {
      problems.push(`${name}: waits for ${other} to be healthy, which has no health check`);
    } else if (condition === 'service_started') problems.push(`${name}: does not wait until ${other} is up`);
  }
  return problems;
}
