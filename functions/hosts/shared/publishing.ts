import { createOutbox } from '../../kafka/outbox.ts';
import type { KafkaPort, Producer, TopicFacts } from '../../kafka/port.ts';
import type { Logger } from '../../runtime/contract.ts';
import type { ParkedTopic } from '../../runtime/parking-state.ts';
import type { Publisher } from '../../runtime/publisher.ts';
import type { Settings } from '../../runtime/settings.ts';
import type { FunctionTopics } from './preflight.ts';
import { reach } from './reach.ts';

/** Where a function's outputs and dead letters go. */
export interface Publishing {
  readonly outputs: Publisher | undefined;
  readonly deadLetters: Publisher;
  /** Where parked keys are, of a function that parks them. */
  readonly parked: ParkedTopic | undefined;
  /** What cannot be written at the moment, in words. */
  degraded(): string[];
  /** Ends both. What was not acknowledged by now is never heard of again. Never throws. */
  close(): Promise<void>;
}

export interface PublishingOptions {
  readonly settings: Pick<Settings, 'bootstrapServers' | 'startupTimeoutMs' | 'lingerMs'>;
  readonly log: Logger;
  /** Called when a publisher that was full or broken takes records again. */
  readonly onRoom: () => void;
  /** Whether lanes have more at hand. */
  readonly moreToCome: () => boolean;
}

/** A request for each of three brokers, and what gathers meanwhile. */
const outboxBytes = 4 * 1_048_576;

/**
 * Connects a producer per topic: a dead-letter topic that hangs must not hold up the outputs.
 * @throws StartupError when the cluster does not answer
 */
export async function openPublishing(
  kafka: KafkaPort,
  topics: Pick<FunctionTopics, 'output' | 'deadLetters' | 'parked'>,
  { settings, log, onRoom, moreToCome }: PublishingOptions,
): Promise<Publishing> {
  const closers: (() => unknown)[] = [];
  /** Why topics may not be written, in words. */
  const denials = new Map<string, string>();

  async function open(facts: TopicFacts, mustDeliver: boolean): Promise<Publisher> {
    const { bootstrapServers, startupTimeoutMs } = settings;
    const producer = await reach(() => connected(kafka, facts.topic), bootstrapServers, startupTimeoutMs, closeLater);
    closers.push(() => producer.close());
    const outbox = createOutbox(producer, {
      facts,
      mustDeliver,
      lingerMs: settings.lingerMs,
      maxBytes: outboxBytes,
      onRoom,
      moreToCome,
      onTrouble(fields, kind) {
        if (kind === 'denied') {
          if (denials.get(facts.topic) !== fields.error) log.error({ topic: facts.topic }, fields.error);
          denials.set(facts.topic, fields.error);
          return;
        }
        // The first failure, and then one line for every doubling: a broker that is gone fails many partitions at once.
        if ((fields.failures & (fields.failures - 1)) === 0)
          log.warn(fields, 'Publishing fails: trying until it succeeds');
      },
      onRecovered(fields) {
        denials.delete(fields.topic);
        log.info(fields, 'Publishing works again');
      },
    });
    closers.unshift(() => outbox.close());
    return outbox;
  }

  async function close(): Promise<void> {
    await Promise.allSettled(closers.map(async (closer) => closer()));
  }

  const opened = await Promise.allSettled([
    topics.output && open(topics.output, false),
    open(topics.deadLetters, true),
    topics.parked && open(topics.parked, true),
  ] as const);
  const [outputs, deadLetters, parking] = opened.map((one) => (one.status === 'fulfilled' ? one.value : undefined));
  const failure = opened.find((one) => one.status === 'rejected');
  if (failure !== undefined || deadLetters === undefined) {
    void close(); // never rejects, and a broker that is silent would hold it up
    throw failure?.reason;
  }
  const all = [outputs, deadLetters, parking].filter((one) => one !== undefined);
  let parked: ParkedTopic | undefined;
  if (parking !== undefined) {
    const { read, close: closeReader } = kafka.reader(parking.topic);
    closers.push(closeReader);
    parked = { publisher: parking, read };
  }
  return {
    outputs,
    deadLetters,
    parked,
    degraded: () =>
      all.filter((one) => one.degraded).map(({ topic }) => denials.get(topic) ?? `topic ${topic} cannot be written`),
    close,
  };
}

async function connected(kafka: KafkaPort, topic: string): Promise<Producer> {
  const producer = kafka.producer([topic]);
  try {
    await producer.connect();
    return producer;
  } catch (error) {
    closeLater(producer);
    throw error;
  }
}

/** Nobody waits for it: a broker that is silent answers nothing that is still asked of it. */
function closeLater(producer: Producer): void {
  producer.close().catch(() => undefined);
}
