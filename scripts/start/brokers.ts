import { join } from 'node:path';
import { type LocalCluster, openCluster, startCluster } from '../../infra/cluster/cluster.ts';
import { localDir } from '../../infra/cluster/jars.ts';

/** A broker, as far as it can be seen from here. */
export interface BrokerRow {
  readonly address: string;
  /** Undefined: of somebody else's cluster. */
  readonly id: number | undefined;
  readonly state: 'running' | 'paused' | 'stopped' | 'unknown';
}

/** The cluster to work on. */
export interface Brokers {
  readonly bootstrapServers: string[];
  /** Whether brokers can be killed and restarted here. */
  readonly local: boolean;
  rows(): BrokerRow[];
  /** Kills the given broker, or the last one that runs; its number, or undefined when there was none to kill. */
  kill(id?: number): Promise<number | undefined>;
  /** Restarts those that are stopped; their numbers. */
  restart(): Promise<number[]>;
  /** Leaves the cluster as it was found: stopped, or with all brokers that ran then. */
  leave(): Promise<void>;
}

export interface BrokerOptions {
  readonly bootstrapServers: string[] | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

/** Starts the local cluster, or takes the one that runs, or the one that is named. */
export async function findBrokers({ bootstrapServers, signal, onProgress }: BrokerOptions): Promise<Brokers> {
  if (bootstrapServers) return otherBrokers(bootstrapServers);
  const dir = join(localDir(), 'cluster');
  const ranBefore = (openCluster(dir)?.brokers ?? []).filter((broker) => broker.state !== 'stopped');
  // What somebody else started must not die with us.
  const cluster = await startCluster({ dir, signal, onProgress, attached: ranBefore.length === 0 });
  return localBrokers(cluster, ranBefore.length > 0);
}

function otherBrokers(bootstrapServers: string[]): Brokers {
  return {
    bootstrapServers,
    local: false,
    rows: () => bootstrapServers.map((address) => ({ address, id: undefined, state: 'unknown' })),
    kill: async () => undefined,
    restart: async () => [],
    leave: async () => undefined,
  };
}

function localBrokers(cluster: LocalCluster, ranBefore: boolean): Brokers {
  const stopped = (): number[] =>
    cluster.brokers.filter((broker) => broker.state === 'stopped').map((broker) => broker.id);

  async function restart(): Promise<number[]> {
    const ids = stopped();
    await Promise.all(ids.map((id) => cluster.restart(id)));
    return ids;
  }

  return {
    bootstrapServers: cluster.bootstrapServers,
    local: true,
    rows: () => cluster.brokers.map(({ id, host, port, state }) => ({ id, address: `${host}:${port}`, state })),
    async kill(id) {
      const victim = cluster.brokers.filter((broker) => broker.state === 'running' && (id ?? broker.id) === broker.id);
      const last = victim.at(-1);
      if (last) await cluster.kill(last.id);
      return last?.id;
    },
    restart,
    async leave() {
      if (ranBefore) await restart();
      else await cluster.stop();
    },
  };
}

/** Which brokers are up, in short: `3 brokers`, `2 of 3 brokers`. */
export function brokersText(rows: readonly BrokerRow[]): string {
  const up = rows.filter((row) => row.state === 'running' || row.state === 'unknown').length;
  return up === rows.length ? `${rows.length} brokers` : `${up} of ${rows.length} brokers`;
}
