import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandError } from '../../scripts/support/command.ts';
import { renderProperties } from './config.ts';
import { randomKafkaId } from './layout.ts';
import { processInfo } from './process-info.ts';

const pom = fileURLToPath(new URL('pom.xml', import.meta.url));

/** The Kafka version that `pom.xml` names, and compose.yml with it. */
export function kafkaVersion(): string {
  const version = /<kafka\.version>(.+?)<\/kafka\.version>/.exec(readFileSync(pom, 'utf8'))?.[1];
  if (!version) throw new Error('infra/cluster/pom.xml has no kafka.version');
  return version;
}

/** Where everything local lives: `.local/` of the repository unless HFT_LOCAL_DIR says otherwise. */
export function localDir(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return env.HFT_LOCAL_DIR || fileURLToPath(new URL('../../.local', import.meta.url));
}

/** The directory of Kafka's jars, shared by all clusters; another one for each content of the pom. */
export function jarsDir(local: string): string {
  const hash = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 8);
  return join(local, 'kafka', `${kafkaVersion()}-${hash}`);
}

/** What a fetch of the jars needs. */
export interface FetchOptions {
  readonly target: string;
  readonly java: string;
  readonly maven: string;
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Fetches Kafka's jars with Maven, once. Everything happens in a directory beside, which is renamed when it is
 * complete: an interrupted or failed fetch leaves no half state, and two at the same time do no harm.
 */
export async function fetchJars({ target, java, maven, onProgress, signal }: FetchOptions): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  removeLeftovers(dirname(target), `${basename(target)}.part-`);
  const staging = mkdtempSync(`${target}.part-${process.pid}-`);
  const watch = setInterval(() => onProgress(`Fetching Apache Kafka: ${filesIn(staging)}`), 2_000);
  try {
    onProgress(`Fetching Apache Kafka ${kafkaVersion()} with Maven (once, about 55 MB) ...`);
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${staging}`];
    await run(maven, ['-B', '-q', '-f', pom, ...goal], signal);
    await writeBootstrapCheckpoint(java, staging, signal);
    onProgress(`Fetched Apache Kafka: ${filesIn(staging)}`);
    if (!existsSync(target)) renameSync(staging, target);
  } finally {
    clearInterval(watch);
    rmSync(staging, { recursive: true, force: true });
  }
}

/**
 * The feature levels with which a new cluster begins depend on the version only: formatted here once, and copied into
 * the storage of every new broker.
 */
async function writeBootstrapCheckpoint(java: string, jars: string, signal: AbortSignal): Promise<void> {
  const scratch = join(jars, 'scratch');
  const properties = join(jars, 'scratch.properties');
  writeFileSync(
    properties,
    renderProperties({
      'process.roles': 'broker,controller',
      'node.id': '1',
      'controller.quorum.voters': '1@127.0.0.1:1',
      listeners: 'PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:1',
      'controller.listener.names': 'CONTROLLER',
      'log.dirs': scratch,
    }),
  );
  const format = ['kafka.tools.StorageTool', 'format', '-t', randomKafkaId(), '-c', properties];
  await run(java, ['-cp', join(jars, '*'), ...format], signal);
  renameSync(join(scratch, 'bootstrap.checkpoint'), join(jars, 'bootstrap.checkpoint'));
  rmSync(scratch, { recursive: true });
  rmSync(properties);
}

/** Runs a program to its end; a CommandError with the end of what it printed when it fails. */
async function run(program: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const child = spawn(program, [...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const stopChild = () => child.kill();
  signal.addEventListener('abort', stopChild);
  let printed = '';
  const collect = (chunk: Buffer) => {
    printed = (printed + chunk.toString('utf8')).slice(-4_000);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).finally(() => signal.removeEventListener('abort', stopChild));
  signal.throwIfAborted();
  if (code !== 0) {
    const remedy =
      'Can this machine reach its Maven repository? Try again, or start Docker, or set KAFKA_BOOTSTRAP_SERVERS.';
    throw new CommandError(
      `fetching Apache Kafka failed, \`${basename(program)}\` said:\n${printed.trim()}\n${remedy}`,
    );
  }
}

/** Removes what processes that were killed outright left behind: directories named by a prefix and a process id. */
export function removeLeftovers(dir: string, prefix: string): void {
  for (const name of readdirSync(dir).filter((one) => one.startsWith(prefix))) {
    const pid = Number(name.slice(prefix.length).split('-')[0]);
    if (!processInfo(pid)) rmSync(join(dir, name), { recursive: true, force: true });
  }
}

function filesIn(dir: string): string {
  const jars = readdirSync(dir).filter((name) => name.endsWith('.jar'));
  const bytes = jars.reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
  return `${jars.length} jars, ${Math.round(bytes / 1e6)} MB`;
}
