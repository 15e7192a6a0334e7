import { fileURLToPath } from 'node:url';
import type { RunTopics } from '../../test/support/ledger/topics.ts';
import { type Parking, parkingFunction } from './parking.ts';

/** What the instances are: the bundle in either host, or the bare kafkajs application beside it. */
export type ApplicationName = 'container' | 'function' | 'kafkajs';

/** How to start an instance: what Node runs, and with which environment. */
export interface Application {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface ApplicationOptions {
  readonly bundle: string;
  readonly bootstrapServers: readonly string[];
  readonly topics: RunTopics;
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  /** A file that says how much their clock is off. */
  readonly clockPath?: string | undefined;
  /** The function that parks keys, in place of the processor. */
  readonly parking?: Parking | undefined;
  /** Whether the brokers named are proxies, to which it has to say who it is. */
  readonly behindProxy?: boolean | undefined;
}

const eventSource = fileURLToPath(new URL('../event-source.ts', import.meta.url));
const clock = new URL('./clock.mjs', import.meta.url).href;
const named = new URL('./named.mjs', import.meta.url).href;
const bareApplication = fileURLToPath(new URL('./bare-application.ts', import.meta.url));

/** Settings are the defaults, but for what the run asks for. */
export function applicationOf(name: ApplicationName, options: ApplicationOptions): Application {
  const { bundle, bootstrapServers, topics, groupId, sessionTimeoutMs, clockPath, parking } = options;
  // A container's client id says who it is.
  const ports = options.behindProxy && name === 'function' ? bootstrapServers.map((one) => one.split(':').at(-1)) : [];
  const imports = [...(clockPath === undefined ? [] : [clock]), ...(ports.length === 0 ? [] : [named])];
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    KAFKA_BOOTSTRAP_SERVERS: bootstrapServers.join(','),
    KAFKA_GROUP_ID: groupId,
    SOURCE_TOPIC: topics.source,
    OUTPUT_TOPIC: topics.output,
    DEAD_LETTER_TOPIC: topics.deadLetters,
    KAFKA_SESSION_TIMEOUT_MS: String(sessionTimeoutMs),
    METRICS_PORT: '0',
    ...(imports.length === 0 ? {} : { NODE_OPTIONS: imports.map((one) => `--import=${one}`).join(' ') }),
    ...(clockPath === undefined ? {} : { HFT_FAULTS_CLOCK: clockPath }),
    ...(ports.length === 0 ? {} : { HFT_FAULTS_PROXIES: ports.join(',') }),
  };
  switch (name) {
    case 'container':
      if (parking) return { args: [parking.bundle, parkingFunction], env: { ...env, ...parking.env } };
      return { args: [bundle, 'processor'], env };
    case 'function':
      return { args: [eventSource, '--log', 'json'], env };
    case 'kafkajs':
      return { args: [bareApplication], env };
  }
}
