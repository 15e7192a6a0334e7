import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import { CommandError } from '../../scripts/support/command.ts';
import type { Driver } from './driver.ts';
import type { Inside } from './inside.ts';
import type { BrokerPorts } from './layout.ts';

/** What to wait for, and for how long. */
export interface ReadinessOptions {
  readonly driver: Driver;
  /** The brokers that must answer, and be known to each other. */
  readonly brokers: readonly BrokerPorts[];
  readonly inside: Inside;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Waits until every broker answers and names all of them as registered. A CommandError with the end of the log when
 * one of them ends instead, or does not answer in time. Aborting ends the wait at once.
 */
export async function waitUntilReady(options: ReadinessOptions): Promise<void> {
  const { brokers, signal } = options;
  signal.throwIfAborted();
  // The first broker that fails ends the wait for the others.
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const ids = brokers.map((broker) => broker.id);
  const waits = brokers.map((broker) => waitForOne({ ...options, signal: either }, broker, ids));
  try {
    await Promise.race([Promise.all(waits), once(signal, 'abort', { signal: over.signal })]);
    signal.throwIfAborted();
  } finally {
    over.abort();
  }
}

async function waitForOne(
  { driver, inside, timeoutMs, signal }: ReadinessOptions,
  broker: BrokerPorts,
  ids: readonly number[],
): Promise<void> {
  const until = Date.now() + timeoutMs;
  while (!((await accepts(broker.port)) && (await knowsAll(broker, ids, inside)))) {
    signal.throwIfAborted();
    const state = driver.inspect().find((one) => one.id === broker.id)?.state;
    if (state !== 'running') throw notReady(driver, broker, `is ${state} instead of starting`);
    if (Date.now() > until) throw notReady(driver, broker, `does not answer after ${timeoutMs / 1_000} s`);
    await delay(100, undefined, { signal });
  }
}

function notReady(driver: Driver, broker: BrokerPorts, what: string): CommandError {
  const tail = driver.logTail(broker.id);
  return new CommandError(
    `broker ${broker.id} on port ${broker.port} ${what}. Its log (${driver.logs(broker.id)}):\n${tail}`,
  );
}

/** Whether anything takes connections there: cheaper than a Kafka client, and silent. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 500 });
    const answer = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
    socket.once('timeout', () => answer(false));
  });
}

/** Whether this broker answers, and names all of the brokers as registered. */
async function knowsAll(broker: BrokerPorts, ids: readonly number[], inside: Inside): Promise<boolean> {
  const admin = kafkaClient({
    brokers: [`127.0.0.1:${inside.port(broker)}`],
    clientId: 'hft-cluster',
    connectionTimeoutMs: 1_000,
    requestTimeoutMs: 2_000,
    ...(inside.ssl ? { security: { ssl: inside.ssl } } : {}),
  }).admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    return ids.every((id) => brokers.some((broker) => broker.nodeId === id));
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
