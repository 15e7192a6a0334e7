import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import { readEveryCodec } from '../../../scripts/support/kafka/codecs.ts';
import { ledgerClient, logBounds } from './client.ts';

export interface ScanOptions {
  readonly bootstrapServers: readonly string[];
  readonly topics: readonly string[];
  /** Called once per record, in order per partition. The message's buffers are slices of large ones: copy what stays. */
  readonly onRecord: (topic: string, partition: number, message: KafkaMessage) => void;
  /** Offsets may be missing (a compacted topic); else a missing one is an error. */
  readonly gapsAllowed?: boolean;
  readonly timeoutMs?: number;
}

interface Progress {
  next: number;
  readonly high: number;
}

/**
 * Reads topics from the start of their logs to where they end now, and resolves to their partition counts. The group
 * that it reads with is new for each try and commits nothing, so a try after a crash starts over; what is known already
 * is passed over.
 */
export async function scanTopics(options: ScanOptions): Promise<Map<string, number>> {
  const { topics, timeoutMs = 60_000 } = options;
  const deadlineMs = Date.now() + timeoutMs;
  readEveryCodec();
  const kafka = ledgerClient(options.bootstrapServers);
  const bounds = await logBounds(kafka, topics, deadlineMs);
  const unfinished = new Map<string, Progress>();
  for (const [index, topic] of topics.entries()) {
    for (const [partition, { low, high }] of (bounds[index] ?? []).entries()) {
      if (low < high) unfinished.set(`${topic}/${partition}`, { next: low, high });
    }
  }
  while (unfinished.size > 0) {
    if (Date.now() > deadlineMs) {
      const left = [...unfinished].map(([name, { next, high }]) => `${name} at ${next} of ${high}`);
      throw new Error(`Not read to the end within ${timeoutMs} ms: ${left.slice(0, 10).join(', ')}`);
    }
    await consume(kafka, options, unfinished, deadlineMs);
  }
  return new Map(topics.map((topic, index) => [topic, bounds[index]?.length ?? 0]));
}

/** One try: until all is read, the consumer gives up, or time does. */
async function consume(
  kafka: Kafka,
  options: ScanOptions,
  unfinished: Map<string, Progress>,
  deadlineMs: number,
): Promise<void> {
  const consumer = kafka.consumer({
    groupId: `ledger-reader-${randomUUID()}`,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 100,
    sessionTimeout: 30_000,
    // This counter never resets, and its default ends a consumer at the sixth hiccup.
    retry: { retries: 20, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: async () => false },
  });
  const over = Promise.withResolvers<void>();
  consumer.on(consumer.events.CRASH, () => over.resolve());
  const timer = setTimeout(() => over.resolve(), Math.max(0, deadlineMs - Date.now()));
  const topics = options.topics.filter((topic) => [...unfinished.keys()].some((name) => name.startsWith(`${topic}/`)));
  try {
    await consumer.connect();
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        try {
          take(batch, options, unfinished);
          if (unfinished.size === 0) over.resolve();
        } catch (error) {
          // Thrown from here it would be retried, or end the consumer without a word.
          over.reject(error);
        }
      },
    });
  } catch {
    over.resolve();
    await sleep(200);
  }
  try {
    await over.promise;
  } finally {
    clearTimeout(timer);
    await consumer.disconnect().catch(() => {});
  }
}

function take(batch: EachBatchPayload['batch'], options: ScanOptions, unfinished: Map<string, Progress>): void {
  const { topic, partition } = batch;
  const name = `${topic}/${partition}`;
  const progress = unfinished.get(name);
  if (!progress) return;
  for (const message of batch.messages) {
    const offset = Number(message.offset);
    if (offset < progress.next || offset >= progress.high) continue;
    if (offset > progress.next && !options.gapsAllowed) {
      throw new Error(`${name}: offset ${offset} came where ${progress.next} was due`);
    }
    options.onRecord(topic, partition, message);
    progress.next = offset + 1;
  }
  if (Number(batch.lastOffset()) + 1 >= progress.high) unfinished.delete(name);
}
