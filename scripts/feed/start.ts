import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import { UsageError } from '../support/command.ts';
import type { Security } from '../support/kafka/broker.ts';
import { createAcknowledgements, type FeedReport } from './acknowledgements.ts';
import { createPacer } from './pacer.ts';
import { followProfile, type RateStep } from './profile.ts';
import { createQueue } from './queue.ts';
import { marketSource, type RecordSource } from './records.ts';
import { replaySource } from './replay.ts';
import { createProducer, createSender } from './sender.ts';
import { findLeaders } from './topic.ts';

/** What to feed, where and how fast. Everything but the brokers has a default. */
export interface FeedOptions {
  readonly bootstrapServers: readonly string[];
  /** How the brokers are to be spoken to. Default: in plain text. */
  readonly security?: Security | undefined;
  /** Default `market.raw`. It must exist. */
  readonly topic?: string | undefined;
  /** Underlyings, which is keys. Default 240. */
  readonly symbols?: number | undefined;
  /** Options a chain, even. Default 40. */
  readonly contracts?: number | undefined;
  readonly seed?: number | undefined;
  /** Records a second; 0, the default, is as fast as the brokers acknowledge. */
  readonly rate?: number | undefined;
  /** Rates one after another, from the start on, in place of one; the last one stays. */
  readonly profile?: readonly RateStep[] | undefined;
  /** Stop after so many records. */
  readonly count?: number | undefined;
  /** Stop after so much time. */
  readonly forMs?: number | undefined;
  /** Share of records that are made bad, 0 to 1. */
  readonly poisonShare?: number | undefined;
  /** A file to send instead of the made-up market. */
  readonly replay?: string | undefined;
  /** How long a record may stay unacknowledged, sent again and again, before the feed fails. Default 60 s. */
  readonly acksTimeoutMs?: number | undefined;
  /** The clock of timestamps and prices, for tests; pacing keeps its own. */
  readonly now?: () => number;
}

export interface Feed {
  /** The final report, once everything sent is acknowledged; rejects when it cannot be. */
  readonly done: Promise<FeedReport>;
  /** Generates no more, waits for what is sent. */
  stop(): Promise<FeedReport>;
  report(): FeedReport;
  /** Changes the pace from now on; 0 is as fast as possible. */
  setRate(rate: number): void;
}

const tickMs = 10;
const maxChunk = 256;

/** Starts to feed. Rejects, before anything is sent, when the cluster or the topic cannot be reached. */
export async function startFeed(options: FeedOptions): Promise<Feed> {
  const { topic = 'market.raw', acksTimeoutMs = 60_000, now = Date.now, rate = 0 } = options;
  if (options.bootstrapServers.length === 0) throw new UsageError('No brokers are named');
  const source = await openSource(options);
  const brokers = options.bootstrapServers;
  const client = kafkaClient({
    ...{ brokers, clientId: 'feed', requestTimeoutMs: 15_000 },
    security: options.security ?? {},
  });
  const leaders = await findLeaders(client, brokers, topic);
  const acknowledgements = createAcknowledgements(topic, leaders.length);
  const producer = createProducer(client);
  await producer.connect();
  const queue = createQueue(leaders.length);
  const sender = createSender(leaders, {
    ...{ producer, topic, queue, acksTimeoutMs, acknowledgements },
    findLeaders: () => findLeaders(client, brokers, topic),
  });
  const pacer = createPacer(options.profile?.[0]?.perSecond ?? rate, performance.now());
  const setRate = (next: number): void => pacer.setRate(next, performance.now());
  const dropProfile = followProfile(options.profile ?? [], setRate);
  const report = () => acknowledgements.report(queue.held());
  const stopping = new AbortController();

  async function run(): Promise<FeedReport> {
    try {
      // A source that fails (a damaged file, say) takes nothing of what was sent before with it.
      const problem = await generate().then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
      sender.flush('at-once');
      while (queue.held() > 0) await sender.progress();
      if (problem) throw problem.error;
      return report();
    } finally {
      dropProfile();
      sender.close();
      await Promise.all([source.close(), producer.disconnect()]);
    }
  }

  async function generate(): Promise<void> {
    const endMs = performance.now() + (options.forMs ?? Number.POSITIVE_INFINITY);
    let left = options.count ?? Number.POSITIVE_INFINITY;
    while (left > 0 && !stopping.signal.aborted && performance.now() < endMs) {
      const due = Math.min(pacer.due(performance.now()), left, maxChunk);
      if (due === 0) await sleep(tickMs);
      else if (queue.room() === 0) await sender.progress();
      else {
        const sent = await sendSome(Math.min(due, queue.room()));
        if (sent === 0) return;
        left -= sent;
        // Chunk after chunk, the sockets would never get their turn.
        await nextTurn();
      }
    }
  }

  async function sendSome(count: number): Promise<number> {
    const nowMs = now();
    const records = await source.pull(count, nowMs);
    for (const record of records) queue.add(record, nowMs);
    pacer.sent(records.length);
    sender.flush(pacer.due(performance.now()) === Number.POSITIVE_INFINITY ? 'bulk' : 'at-once');
    return records.length;
  }

  const done = run();
  // Who only watches `report()` must not die of a rejection; who awaits `done` still gets it.
  done.catch(() => {});
  return {
    done,
    stop() {
      stopping.abort();
      return done;
    },
    report,
    setRate,
  };
}

function openSource(options: FeedOptions): Promise<RecordSource> | RecordSource {
  if (options.replay !== undefined) return replaySource(options.replay);
  const { symbols = 240, contracts = 40, seed = 1, poisonShare = 0 } = options;
  if (!Number.isInteger(contracts / 2) || contracts < 2)
    throw new UsageError('A chain has an even number of contracts');
  return marketSource({ symbols, contracts, seed }, poisonShare);
}
