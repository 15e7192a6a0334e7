import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { classArchiveOption } from './class-archive.ts';
import { jvmOptions, log4jOption, metaProperties, serverProperties } from './config.ts';
import type { BrokerProcess, Driver } from './driver.ts';
import { launchNoted, notedPid } from './launch.ts';
import {
  abandonedMarker,
  brokerFiles,
  brokerIds,
  type ClusterState,
  type JavaRuntime,
  randomKafkaId,
} from './layout.ts';
import { processInfo, send } from './process-info.ts';
import { secureSettings } from './secure/settings.ts';

/** Stands on the command line of a broker: by it, with its id, a process is known to be ours. A recycled id lacks it. */
function mark(dir: string, id: number): string {
  return `-Dhft.broker=${brokerFiles(dir, id).dir}`;
}

/** Runs the brokers of a directory as processes of their own sessions, which outlive the one that started them. */
export function javaDriver(dir: string, state: ClusterState, runtime: JavaRuntime): Driver {
  const inspectOne = (id: number): BrokerProcess => {
    const { pid: pidFile } = brokerFiles(dir, id);
    const pid = notedPid(pidFile);
    const info = pid > 0 ? processInfo(pid) : undefined;
    // One that is on its way out, or becoming Java, shows no mark. Taking a stranger's for ours does no harm: it will be gone.
    if (!info?.exiting && !info?.command.includes(mark(dir, id))) return { id, state: 'stopped' };
    return { id, state: info.paused ? 'paused' : 'running', pid, since: statSync(pidFile).mtime.toISOString() };
  };

  const signal = (id: number, name: NodeJS.Signals): void => {
    const { pid } = inspectOne(id);
    if (pid !== undefined) send(pid, name);
  };

  /** A busy system stops a process in its own time: whoever looks next must not find it as it was. */
  const become = async (id: number, name: NodeJS.Signals, state: BrokerProcess['state']): Promise<void> => {
    signal(id, name);
    const until = Date.now() + 10_000;
    while (![state, 'stopped'].includes(inspectOne(id).state) && Date.now() < until) await delay(10);
  };

  /** Whether all of them were gone in time. */
  const gone = async (ids: readonly number[], withinMs: number): Promise<boolean> => {
    const until = Date.now() + withinMs;
    while (ids.some((id) => inspectOne(id).state !== 'stopped')) {
      if (Date.now() > until) return false;
      await delay(25);
    }
    return true;
  };

  const kill = async (ids: readonly number[]): Promise<void> => {
    for (const id of ids) signal(id, 'SIGKILL');
    if (!(await gone(ids, 30_000))) throw new Error(`brokers ${ids.join(', ')} did not end 30 s after SIGKILL`);
  };

  const inspect = (): BrokerProcess[] => brokerIds.map(inspectOne);

  return {
    inspect,

    async launch(ids) {
      for (const id of ids) {
        const files = prepareBroker(dir, state, runtime, id);
        const console = openSync(join(files.logs, 'console.log'), 'w');
        rmSync(files.pid, { force: true });
        await launchNoted({
          pidFile: files.pid,
          abandoned: abandonedMarker(dir),
          command: [runtime.java, ...javaArguments(dir, runtime, id, state.jvm)],
          options: { cwd: files.dir, stdio: ['ignore', console, console] },
        });
        closeSync(console);
      }
    },

    async stop(ids, graceMs) {
      for (const id of ids) signal(id, 'SIGTERM');
      for (const id of ids) signal(id, 'SIGCONT');
      const until = Date.now() + graceMs;
      while (Date.now() < until && !(await gone(ids, 100))) {
        // The last broker has no quorum to say good-bye to, and waits 5 s for one after it has closed its data.
        const left = inspect().filter((broker) => broker.state !== 'stopped');
        if (left.length === 1 && left[0] && existsSync(cleanMarker(dir, left[0].id))) break;
      }
      await kill(ids);
    },

    kill,
    pause: (id) => become(id, 'SIGSTOP', 'paused'),
    resume: (id) => become(id, 'SIGCONT', 'running'),
    logs: (id) => brokerFiles(dir, id).logs,
    logTail: (id) =>
      ['console.log', 'server.log'].map((name) => lastLines(join(brokerFiles(dir, id).logs, name), 12)).join(''),
    erase: async () => {
      for (const id of brokerIds) rmSync(brokerFiles(dir, id).dir, { recursive: true, force: true });
    },
  };
}

/** Kafka writes this file when all of a broker's logs are flushed and closed, and deletes it when it starts. */
function cleanMarker(dir: string, id: number): string {
  return join(brokerFiles(dir, id).data, '.kafka_cleanshutdown');
}

/** The command line of a broker, without the `java`. Of options that contradict each other, Java takes the last. */
export function javaArguments(dir: string, runtime: JavaRuntime, id: number, more: readonly string[] = []): string[] {
  const files = brokerFiles(dir, id);
  return [
    ...jvmOptions,
    ...more,
    ...classArchiveOption(runtime.jars),
    mark(dir, id),
    `-Dhft.log.dir=${files.logs}`,
    log4jOption,
    '-cp',
    join(runtime.jars, '*'),
    'kafka.Kafka',
    files.properties,
  ];
}

/** Writes a broker's settings and, the first time, formats its storage as `StorageTool format` does. */
function prepareBroker(dir: string, state: ClusterState, runtime: JavaRuntime, id: number) {
  const files = brokerFiles(dir, id);
  const broker = state.brokers.find((one) => one.id === id);
  if (!broker) throw new Error(`cluster.json in ${dir} knows no broker ${id}`);
  mkdirSync(files.data, { recursive: true });
  mkdirSync(files.logs, { recursive: true });
  const more = { ...(state.secure ? secureSettings(dir, broker) : {}), ...state.settings };
  writeFileSync(files.properties, serverProperties(broker, state.brokers, files.data, more));
  const meta = join(files.data, 'meta.properties');
  if (!existsSync(meta)) {
    copyFileSync(join(runtime.jars, 'bootstrap.checkpoint'), join(files.data, 'bootstrap.checkpoint'));
    writeFileSync(meta, metaProperties(state.clusterId, id, randomKafkaId()));
  }
  return files;
}

function lastLines(path: string, count: number): string {
  const text = existsSync(path) ? readFileSync(path, 'utf8').trimEnd() : '';
  if (text === '') return '';
  const lines = text.split('\n').slice(-count);
  return lines.map((line) => `  ${line}\n`).join('');
}
