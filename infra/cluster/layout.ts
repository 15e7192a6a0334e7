import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Three brokers, each a controller as well: the least that keeps replication 3 and a quorum through one failure. */
export const brokerIds: readonly number[] = [1, 2, 3];

/** Where a broker listens, on loopback. */
export interface BrokerPorts {
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
  /** Where the brokers of a secured cluster speak to each other. */
  readonly insidePort?: number;
  /** A second way in, of a cluster that was started with `outside`. */
  readonly outside?: OutsidePorts;
}

/** Clients that come in by `port` are told `advertisedPort`: somebody else listens there, and passes on what comes. */
export interface OutsidePorts {
  readonly port: number;
  readonly advertisedPort: number;
}

/** What a broker process is started with. */
export interface JavaRuntime {
  /** The `java` program. */
  readonly java: string;
  /** The directory of Kafka's jars. */
  readonly jars: string;
}

/** What a data directory remembers of its cluster between starts, in `cluster.json`. */
export interface ClusterState {
  readonly clusterId: string;
  readonly engine: { readonly kind: 'docker' } | ({ readonly kind: 'java' } & JavaRuntime);
  readonly brokers: readonly BrokerPorts[];
  /** Whether clients need TLS, a login and rights. */
  readonly secure?: boolean;
  /** Settings of the brokers that go before those of `config.ts`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Java's options that override those of `config.ts`. */
  readonly jvm?: readonly string[];
}

/** The files of one broker. */
export interface BrokerFiles {
  readonly dir: string;
  readonly properties: string;
  readonly data: string;
  readonly logs: string;
  readonly pid: string;
}

export function brokerFiles(dir: string, id: number): BrokerFiles {
  const own = join(dir, `broker-${id}`);
  return {
    dir: own,
    properties: join(own, 'server.properties'),
    data: join(own, 'data'),
    logs: join(own, 'logs'),
    pid: join(own, 'pid'),
  };
}

/** Its presence means that whoever started the cluster has died: no broker may start any more. */
export function abandonedMarker(dir: string): string {
  return join(dir, 'abandoned');
}

/** Kafka's own id format: 16 bytes in URL-safe base64. A leading dash would read as an option in its tools. */
export function randomKafkaId(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? randomKafkaId() : id;
}

/** The cluster that lives in this directory, or undefined when none was ever started there. */
export function readState(dir: string): ClusterState | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, 'cluster.json'), 'utf8')) as ClusterState;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`${join(dir, 'cluster.json')} cannot be read: delete the directory to start afresh`, {
      cause: error,
    });
  }
}

/** Written beside and renamed: an interrupted write leaves the old state. */
export function writeState(dir: string, state: ClusterState): void {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'cluster.json');
  writeFileSync(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}
