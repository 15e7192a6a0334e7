import { Kafka, logLevel } from 'kafkajs';
import type { Security } from '../support/kafka/broker.ts';
import { findRuntimeClient, standInNotice } from './client.ts';
import { type Delivery, deliver, type FailurePolicy } from './deliver.ts';
import { type EnvironmentOptions, functionArn } from './environment.ts';
import { kafkaDestination } from './on-failure.ts';
import type { EventFrame, EventSourceKind } from './payload.ts';
import { type Poller, startPoller } from './poller.ts';
import { createPool } from './pool.ts';
import { scaleBy } from './scaling.ts';
import { createStats, type Stats } from './stats.ts';

/** What an event source mapping in provisioned mode is told. */
export interface EventSourceOptions {
  readonly bootstrapServers: readonly string[];
  /** How the pollers speak to the brokers; the functions do as their own settings say. */
  readonly security?: Security;
  readonly topic: string;
  readonly groupId: string;
  readonly kind?: EventSourceKind;
  readonly function: Pick<EnvironmentOptions, 'bundle' | 'exportName' | 'env' | 'timeoutMs'>;
  /** Default 100 records, 500 ms. */
  readonly batchSize?: number;
  readonly windowMs?: number;
  /** Default: retries and age without end, bisect. */
  readonly policy?: Partial<FailurePolicy>;
  /** The topic that takes what was given up; without one it is dropped. */
  readonly onFailureTopic?: string | undefined;
  /** Default 1 and 1, with 5 invocations at a time each. */
  readonly minPollers?: number;
  readonly maxPollers?: number;
  readonly concurrency?: number;
  /** Each line that the function writes. */
  readonly onLog?: (line: string) => void;
  /** The partitions that a poller of the mapping has from now on. */
  readonly onAssigned?: (partitions: readonly number[]) => void;
  /** What a person should know. */
  readonly onNotice?: (line: string) => void;
}

/** A running mapping: pollers, and the function's environments. */
export interface EventSource {
  stats(): Stats;
  /** Stops polling, waits for the invocations under way, commits, leaves the group, ends the environments. */
  stop(): Promise<Stats>;
}

/**
 * Does on any cluster what the service's managed pollers do. It shares no code with the runtime of the functions
 * but what inflates compressed batches.
 * @throws InitError with what the function said when it cannot initialise
 */
export async function startEventSource(options: EventSourceOptions): Promise<EventSource> {
  const { bootstrapServers, topic, groupId, kind = 'aws:kafka', onNotice = () => undefined } = options;
  const { batchSize = 100, windowMs = 500, minPollers = 1, maxPollers = minPollers, concurrency = 5 } = options;
  const policy: FailurePolicy = { maxRetries: -1, maxAgeMs: -1, bisect: true, ...options.policy };
  const frame: EventFrame = { kind, bootstrapServers };
  const stats = createStats();
  const runtimeClient = findRuntimeClient();
  if (!runtimeClient.genuine) onNotice(standInNotice);
  const pool = await createPool({
    ...options.function,
    client: runtimeClient,
    initTimeoutMs: initTimeoutMs,
    ...(options.onLog ? { onLog: options.onLog } : {}),
  });
  const client = { brokers: [...bootstrapServers], clientId: 'event-source', logLevel: logLevel.NOTHING };
  const kafka = new Kafka({ ...client, ...options.security, requestTimeout: requestTimeoutMs });
  const sender = { frame, functionArn: functionArn(options.function.exportName) };
  const { onFailureTopic } = options;
  const destination = onFailureTopic === undefined ? undefined : await kafkaDestination(kafka, onFailureTopic, sender);
  const busy = new Set<number>();
  const pollers: { readonly poller: Poller; readonly abort: AbortController }[] = [];

  async function addPoller(): Promise<void> {
    const abort = new AbortController();
    const { signal } = abort;
    const poller = await startPoller({
      ...{ kafka, topic, groupId, batchSize, windowMs, concurrency, busy, signal, onNotice },
      ...(options.onAssigned ? { onAssigned: options.onAssigned } : {}),
      deliver: (batch, done, holds) => deliver(batch, deliveryOf(holds, done)),
    });
    pollers.push({ poller, abort });
  }

  async function removePoller(): Promise<void> {
    const last = pollers.pop();
    last?.abort.abort();
    await last?.poller.stop();
  }

  function deliveryOf(signal: AbortSignal, done: Delivery['done']): Delivery {
    return {
      ...{ frame, policy, signal },
      async invoke(event) {
        const result = await pool.invoke(event);
        stats.invoked(result);
        if (result.kind !== 'response') onNotice(`The function failed: ${result.error.errorMessage.split('\n')[0]}`);
        return result;
      },
      done(records) {
        stats.done(records.length);
        done(records);
      },
      async gaveUp(records, why, result) {
        stats.gaveUp(records.length, destination !== undefined);
        const where =
          onFailureTopic === undefined ? 'dropped, since there is no destination' : `sent to ${onFailureTopic}`;
        onNotice(`${records.length} records were given up (${why}): ${where}`);
        await destination?.send(records, why, result);
      },
      count: stats.count,
    };
  }

  try {
    for (let count = 0; count < minPollers; count += 1) await addPoller();
  } catch (error) {
    await pool.close(); // its processes would keep this one alive
    throw error;
  }
  const scaling = scaleBy({
    ...{ minPollers, maxPollers },
    pollers: () => pollers.length,
    waiting: () => pollers.reduce((sum, { poller }) => sum + poller.waiting, 0),
    add: addPoller,
    remove: removePoller,
    onNotice,
  });

  const read = (): Stats =>
    stats.read({ pollers: pollers.length, coldStarts: pool.started, cpuSeconds: pool.cpuSeconds() });
  let stopping: Promise<Stats> | undefined;

  async function stop(): Promise<Stats> {
    await scaling.stop();
    for (const { abort } of pollers) abort.abort();
    await Promise.all(pollers.map(({ poller }) => poller.stop()));
    const last = read();
    await Promise.all([pool.close(), destination?.close()]);
    return last;
  }

  return {
    stats: read,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** A broker that hangs keeps its connections: what it was asked would hold up the rest for 30 s. */
const requestTimeoutMs = 8_000;
/** The service gives 10 s, on a machine that does nothing else. */
const initTimeoutMs = 60_000;
