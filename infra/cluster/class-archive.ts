import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jvmOptions, log4jOption, metaProperties, serverProperties } from './config.ts';
import { removeLeftovers } from './jars.ts';
import { type JavaRuntime, randomKafkaId } from './layout.ts';
import { choosePorts } from './ports.ts';

// Runs a program until its own input ends, by the death of this process if need be, and then ends it cleanly.
const untilInputEnds = '"$@" & read -r _; kill $!; wait $!';

interface ArchiveOptions {
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Java's option for the archive of the classes that a broker loads, when there is one. */
export function classArchiveOption(jars: string): string[] {
  const archive = archivePath(jars);
  // Java ignores the archive of another version, and starts as slowly as without.
  return existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : [];
}

function archivePath(jars: string): string {
  return join(jars, 'classes.jsa');
}

/**
 * Runs a broker once, alone, to archive the classes it loads: every later start then takes 2 s of CPU instead of
 * 3.6, and three brokers start on two cores at once. Nothing depends on it: when it fails, starts are slower.
 */
export async function makeClassArchive(runtime: JavaRuntime, { onProgress, signal }: ArchiveOptions): Promise<void> {
  const failed = join(runtime.jars, 'classes.failed');
  if (existsSync(archivePath(runtime.jars)) || existsSync(failed)) return;
  onProgress('Preparing faster starts (once) ...');
  removeLeftovers(runtime.jars, 'scratch-');
  const scratch = mkdtempSync(join(runtime.jars, `scratch-${process.pid}-`));
  try {
    const archive = join(scratch, 'classes.jsa');
    await runAlone(runtime, scratch, [`-XX:ArchiveClassesAtExit=${archive}`], signal);
    if (existsSync(archive)) renameSync(archive, archivePath(runtime.jars));
    else writeFileSync(failed, '');
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Starts a broker that is a cluster of one in a directory, and ends it when it has started. */
async function runAlone(
  { java, jars }: JavaRuntime,
  dir: string,
  options: string[],
  signal: AbortSignal,
): Promise<void> {
  const [broker] = await choosePorts();
  if (!broker) return;
  const data = join(dir, 'data');
  const properties = join(dir, 'server.properties');
  mkdirSync(data);
  writeFileSync(properties, serverProperties(broker, [broker], data));
  writeFileSync(join(data, 'meta.properties'), metaProperties(randomKafkaId(), broker.id, randomKafkaId()));
  copyFileSync(join(jars, 'bootstrap.checkpoint'), join(data, 'bootstrap.checkpoint'));

  const logs = [`-Dhft.log.dir=${dir}`, log4jOption];
  const command = [java, ...jvmOptions, ...options, ...logs, '-cp', join(jars, '*'), 'kafka.Kafka', properties];
  const child = spawn('/bin/sh', ['-c', untilInputEnds, 'sh', ...command], { stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = once(child, 'close');
  try {
    const log = join(dir, 'server.log');
    const until = Date.now() + 30_000;
    while (child.exitCode === null && Date.now() < until) {
      if (existsSync(log) && readFileSync(log, 'utf8').includes('Kafka Server started')) break;
      await delay(100, undefined, { signal });
    }
  } finally {
    child.stdin.end();
    await ended;
  }
}
