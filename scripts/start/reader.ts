import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, IHeaders, Kafka } from 'kafkajs';
import { readEveryCodec } from '../support/kafka/codecs.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { insist, type OffsetWatch } from './offsets.ts';

/** The three topics of the pipeline. */
export interface PipelineTopics {
  readonly source: string;
  readonly output: string;
  readonly deadLetters: string;
}

/** Reads the three topics for itself and keeps the books: it takes nobody's word for what was done. */
export interface Reader {
  readonly ledger: Ledger;
  /** When it read the first record of the output, by `performance.now()`: databases may still start then. */
  readonly firstEnrichedAtMs: number | undefined;
  /** Whether it has read everything that the topics hold at the moment of the call. */
  caughtUp(): Promise<boolean>;
  close(): Promise<void>;
}

const restartPauseMs = 500;

/** Opens the books at the present ends of the topics. What is written from now on is counted. */
export async function startReader(
  kafka: Kafka,
  offsets: OffsetWatch,
  topics: PipelineTopics,
  signal: AbortSignal,
): Promise<Reader> {
  readEveryCodec();
  const names = [topics.source, topics.output, topics.deadLetters];
  const positions = new Map<string, number[]>();
  for (const name of names) positions.set(name, [...(await insist(() => offsets.bounds(name), signal)).end]);
  const ledger = createLedger(topics.source, [...(positions.get(topics.source) ?? [])]);
  const groups: string[] = [];
  let consumer: Consumer | undefined;
  let firstEnrichedAtMs: number | undefined;
  let closing = false;
  let endSession: () => void = () => undefined;

  const book: Readonly<Record<string, (partition: number, message: EachBatchPayload['batch']['messages'][0]) => void>> =
    {
      [topics.source]: (partition, { offset, timestamp }) => ledger.fed(partition, Number(offset), Number(timestamp)),
      [topics.output]: (_, { headers, timestamp }) => {
        firstEnrichedAtMs ??= performance.now();
        ledger.enriched(textOf(headers, 'source'), Number(timestamp));
      },
      [topics.deadLetters]: (_, { headers }) => {
        const ours = textOf(headers, 'error.topic') === topics.source;
        const partition = ours ? Number(textOf(headers, 'error.partition') ?? -1) : -1;
        ledger.dead(partition, Number(textOf(headers, 'error.offset') ?? -1), textOf(headers, 'error.code') ?? '?');
      },
    };

  /** Where a session begins is no matter: records before the position of their partition are read and not booked. */
  function take({ topic, partition, messages }: EachBatchPayload['batch']): void {
    const position = positions.get(topic);
    const enter = book[topic];
    if (position === undefined || enter === undefined) return;
    let next = position[partition] ?? 0;
    for (const message of messages) {
      const offset = Number(message.offset);
      if (offset < next) continue;
      enter(partition, message);
      next = offset + 1;
    }
    position[partition] = next;
  }

  /** A consumer with a group of its own, for one session: kafkajs gives up after some failures, and the next begins. */
  async function session(): Promise<void> {
    const groupId = `hft-start-reader-${randomBytes(4).toString('hex')}`;
    groups.push(groupId);
    const built = kafka.consumer({
      groupId,
      sessionTimeout: 10_000,
      heartbeatInterval: 1_000,
      maxWaitTimeInMs: 250,
      minBytes: 1,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 4, restartOnFailure: async () => false },
    });
    consumer = built;
    const ended = Promise.withResolvers<void>();
    endSession = ended.resolve;
    built.on(built.events.CRASH, () => ended.resolve());
    built.on(built.events.STOP, () => ended.resolve());
    try {
      await built.connect();
      // From the beginning, not the end: the seeks below say where, and should one be late nothing is skipped.
      await built.subscribe({ topics: names, fromBeginning: true });
      await built.run({ autoCommit: false, eachBatch: async ({ batch }) => take(batch) });
      for (const [topic, position] of positions) {
        for (const [partition, offset] of position.entries()) built.seek({ topic, partition, offset: String(offset) });
      }
      await ended.promise;
    } finally {
      await built.disconnect().catch(() => undefined);
    }
  }

  async function sessions(): Promise<void> {
    while (!closing) {
      await session().catch(() => undefined);
      if (!closing) await sleep(restartPauseMs);
    }
  }

  const running = sessions();
  return {
    ledger,
    get firstEnrichedAtMs() {
      return firstEnrichedAtMs;
    },
    async caughtUp() {
      const ends = await Promise.all(names.map((name) => offsets.bounds(name)));
      return ends.every(({ end }, index) => {
        const position = positions.get(names[index] ?? '') ?? [];
        return end.every((last, partition) => (position[partition] ?? 0) >= last);
      });
    },
    async close() {
      closing = true;
      endSession();
      await consumer?.disconnect().catch(() => undefined);
      await running;
      await offsets.forget(groups);
    },
  };
}

function textOf(headers: IHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name];
  const first = Array.isArray(value) ? value[0] : value;
  return first?.toString();
}
