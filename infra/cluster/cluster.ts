import { existsSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CommandError } from '../../scripts/support/command.ts';
import { makeClassArchive } from './class-archive.ts';
import type { BrokerProcess, Driver } from './driver.ts';
import { driverOf, openDriver } from './engines.ts';
import { insideOf } from './inside.ts';
import { fetchJars, jarsDir, localDir } from './jars.ts';
import {
  abandonedMarker,
  brokerIds,
  type ClusterState,
  type OutsidePorts,
  randomKafkaId,
  readState,
  writeState,
} from './layout.ts';
import { withLock } from './lock.ts';
import { choosePorts, isFree } from './ports.ts';
import { findEngine } from './prerequisites.ts';
import { describeQuorum, type QuorumStatus } from './quorum.ts';
import { waitUntilReady } from './readiness.ts';
import { type Renewed, renewCertificates } from './secure/renew.ts';
import { type ClusterSecurity, letUsersIn, prepareSecurity, securityOf } from './secure/security.ts';
import { type FullStart, type LocalStart, startLocked } from './start.ts';
import { guard, type Watchdog } from './watchdog.ts';

/** One broker, as it is now. */
export interface BrokerStatus extends BrokerProcess {
  readonly host: string;
  readonly port: number;
  /** Where it logs. */
  readonly logs: string;
}

/** A cluster as it is now. */
export interface ClusterStatus {
  readonly bootstrapServers: readonly string[];
  readonly brokers: readonly BrokerStatus[];
  /** Whether a majority of controllers has a leader, asked of the brokers themselves. */
  readonly quorum: QuorumStatus;
  /** Of a secured cluster: what its clients need. */
  readonly security?: ClusterSecurity;
}

/** A local cluster of three brokers. The same object works from any process: it looks at the system, not at memory. */
export interface LocalCluster {
  readonly dir: string;
  /** All three, `host:port`. The same over every restart, unless another program took a port in between. */
  readonly bootstrapServers: string[];
  /** The brokers as they are at the moment of reading. */
  readonly brokers: BrokerStatus[];
  /** The second way in of each broker; empty unless it was started with `outside`. */
  readonly outside: readonly (OutsidePorts & { readonly id: number })[];
  /** Of a cluster that was started with `secure`: what its clients need. */
  readonly security: ClusterSecurity | undefined;
  status(): Promise<ClusterStatus>;
  /** Ends all brokers, cleanly unless the grace (10 s by default; 0 kills at once) runs out. Data stays. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
  /** SIGKILL: the broker is gone without a word, as when its machine loses power. */
  kill(id: number): Promise<void>;
  /** SIGSTOP: the broker keeps its connections and answers nothing, as when its machine hangs. */
  pause(id: number): Promise<void>;
  /** SIGCONT. */
  resume(id: number): Promise<void>;
  /** A clean shutdown of one broker: it hands its partitions over first. */
  stopBroker(id: number): Promise<void>;
  /** Starts a broker again, after a clean stop if it runs, and waits until it answers. */
  restart(id: number): Promise<void>;
  /** Of a secured one: its brokers show a new certificate to whoever connects from now on, without a restart. */
  renewCertificates(): Promise<Renewed>;
  /** Stops everything and deletes the data: the next start begins with an empty cluster. */
  reset(): Promise<void>;
}

/** How to start a cluster. */
export interface StartOptions extends LocalStart {
  /** Whether each broker gets a second listener for clients behind a proxy, which the caller runs. With Java only. */
  readonly outside?: boolean;
  /** Whether clients need TLS, a login and rights. A directory is of one kind for good. With Java only. */
  readonly secure?: boolean;
  /** Settings of the brokers, by their name in server.properties, that go before ours. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Java's options of the brokers that override ours, such as a larger heap. */
  readonly jvm?: readonly string[];
  /** Where the jars are kept, instead of HFT_LOCAL_DIR or `.local` of the repository. */
  readonly localDir?: string;
}

// 5 s on an idle machine of two cores; one that runs other things beside may need a minute.
const startTimeoutMs = 100_000;
const stopGraceMs = 10_000;

/** The watchdog that guards an attached cluster of this process, by directory. */
const watchdogs = new Map<string, Watchdog>();

/**
 * Starts the three brokers of a directory, or those of them that do not run, and waits until all answer. A start that
 * fails, is aborted or whose process is killed leaves none of the brokers running that it started.
 */
export function startCluster(options: StartOptions): Promise<LocalCluster> {
  return startLocked(options, start);
}

async function start(options: FullStart<StartOptions>): Promise<LocalCluster> {
  const { dir, signal, onProgress, attached, temporary } = options;
  const opened = openDriver(dir);
  const before = opened?.inspect() ?? [];
  for (const broker of before) if (broker.state === 'paused') await opened?.resume(broker.id);
  const running = before.filter((broker) => broker.state !== 'stopped').map((broker) => broker.id);
  const missing = brokerIds.filter((id) => !running.includes(id));

  const state = await prepare(dir, running.length > 0, options);
  const driver = driverOf(dir, state);
  rmSync(abandonedMarker(dir), { force: true });
  const watchdog = guard(dir, attached ? brokerIds : missing, temporary);
  try {
    signal.throwIfAborted();
    if (missing.length > 0) onProgress(`Starting brokers ${missing.join(', ')} ...`);
    await driver.launch(missing);
    const inside = insideOf(dir, state);
    await waitUntilReady({ driver, brokers: state.brokers, inside, timeoutMs: startTimeoutMs, signal });
    if (state.secure) await letUsersIn(dir, state.brokers, inside);
  } catch (error) {
    await driver.kill(missing);
    watchdog.dismiss();
    throw error;
  }
  if (attached) watchdogs.set(dir, watchdog);
  else watchdog.dismiss();
  return clusterOf(dir, state);
}

/** The cluster of a directory, running or not; undefined when none was ever started there. */
export function openCluster(dir: string): LocalCluster | undefined {
  const state = readState(resolve(dir));
  return state && clusterOf(resolve(dir), state);
}

/** Finds the engine and what it needs, and settles the ports: those of brokers that run are settled already. */
async function prepare(dir: string, running: boolean, options: FullStart<StartOptions>): Promise<ClusterState> {
  const previous = readState(dir);
  const { outside = false, secure = false, settings, jvm } = options;
  if (previous && (previous.secure ?? false) !== secure) {
    const [is, asked] = secure ? ['not secured', 'a secured one'] : ['secured', 'one that is not'];
    throw new CommandError(`the cluster in ${dir} is ${is}, and ${asked} was asked for: name another directory`);
  }
  if (previous && running) return previous;
  if (secure && outside) throw new CommandError('a secured cluster has no brokers behind a proxy');
  const state: ClusterState = {
    clusterId: previous?.clusterId ?? randomKafkaId(),
    engine: await prepareEngine(options),
    brokers: await choosePorts(previous?.brokers, { outside, secure }),
    ...(secure ? { secure } : {}),
    ...(settings === undefined ? {} : { settings }),
    ...(jvm === undefined ? {} : { jvm }),
  };
  if ((outside || secure) && state.engine.kind !== 'java') {
    const what = secure ? 'a secured cluster needs' : 'brokers behind a proxy need';
    throw new CommandError(`${what} Java 17: the containers have one plain listener only`);
  }
  if (secure) prepareSecurity(dir, state.brokers);
  writeState(dir, state);
  return state;
}

async function prepareEngine(options: FullStart<StartOptions>): Promise<ClusterState['engine']> {
  const jars = jarsDir(options.localDir ?? localDir());
  const engine = await findEngine(existsSync(jars));
  if (engine.kind === 'docker') return engine;
  const { java, maven } = engine;
  if (maven) await fetchJars({ ...options, target: jars, java, maven });
  await makeClassArchive({ java, jars }, options);
  return { kind: 'java', java, jars };
}

function clusterOf(dir: string, state: ClusterState): LocalCluster {
  const driver = driverOf(dir, state);
  const bootstrapServers = state.brokers.map((broker) => `127.0.0.1:${broker.port}`);
  const security = state.secure ? securityOf(dir) : undefined;
  const brokers = (): BrokerStatus[] =>
    driver.inspect().map((process) => {
      const port = state.brokers.find((broker) => broker.id === process.id)?.port ?? 0;
      return { ...process, host: '127.0.0.1', port, logs: driver.logs(process.id) };
    });
  const known = (id: number): number => {
    if (!brokerIds.includes(id)) throw new CommandError(`there is no broker ${id}: they are ${brokerIds.join(', ')}`);
    return id;
  };
  const stop = async (graceMs: number): Promise<void> => {
    await driver.stop(brokerIds, graceMs);
    watchdogs.get(dir)?.dismiss();
    watchdogs.delete(dir);
  };
  return {
    dir,
    bootstrapServers,
    get brokers() {
      return brokers();
    },
    outside: state.brokers.flatMap(({ id, outside }) => (outside ? [{ id, ...outside }] : [])),
    security,
    status: async () => ({
      ...{ bootstrapServers, brokers: brokers() },
      quorum: await describeQuorum(state.brokers, insideOf(dir, state)),
      ...(security ? { security } : {}),
    }),
    stop: (options) => withLock(dir, () => stop(options?.graceMs ?? stopGraceMs)),
    kill: async (id) => await driver.kill([known(id)]),
    pause: async (id) => await driver.pause(known(id)),
    resume: async (id) => await driver.resume(known(id)),
    stopBroker: async (id) => await driver.stop([known(id)], stopGraceMs),
    restart: async (id) => await restart(dir, driver, state, known(id)),
    renewCertificates: () => withLock(dir, () => renew(dir, driver, state)),
    reset: () =>
      withLock(dir, async () => {
        await stop(0);
        await driver.erase();
        await rm(join(dir, 'cluster.json'), { force: true });
        await rm(join(dir, 'security'), { recursive: true, force: true });
      }),
  };
}

async function renew(dir: string, driver: Driver, state: ClusterState): Promise<Renewed> {
  if (!state.secure) throw new CommandError(`the cluster in ${dir} is not secured: it has no certificates`);
  const running = driver.inspect().filter((broker) => broker.state === 'running');
  const ids = running.map(({ id }) => id);
  return await renewCertificates(
    dir,
    state.brokers.filter(({ id }) => ids.includes(id)),
  );
}

async function restart(dir: string, driver: Driver, state: ClusterState, id: number): Promise<void> {
  const broker = state.brokers.find((one) => one.id === id);
  if (!broker) throw new CommandError(`there is no broker ${id}`);
  await driver.stop([id], stopGraceMs);
  for (const port of [broker.port, broker.controllerPort, broker.insidePort ?? broker.port]) {
    if (!(await isFree(port))) throw new CommandError(`port ${port} of broker ${id} was taken by another program`);
  }
  await driver.launch([id]);
  await waitUntilReady({
    driver,
    brokers: [broker],
    inside: insideOf(dir, state),
    timeoutMs: startTimeoutMs,
    signal: new AbortController().signal,
  });
}
