import { vi } from 'vitest';
import { createOutbox, type OutboxOptions } from '../../../functions/kafka/outbox.ts';
import type { ProduceBatch, Producer, SendFailure } from '../../../functions/kafka/port.ts';
import type { Compression } from '../../../functions/kafka/wire/record-batch.ts';
import type { EngineError } from '../../../functions/runtime/errors.ts';
import type { OutboundRecord, Publisher } from '../../../functions/runtime/publisher.ts';

/** One request on its way. */
export interface Send {
  readonly batches: readonly ProduceBatch[];
  readonly compression: Compression;
  /** Answers for each batch, or the same for all; nothing means stored. */
  answer(...failures: (SendFailure | undefined)[]): Promise<void>;
  readonly answered: boolean;
}

export const transient: SendFailure = { kind: 'transient', message: 'NOT_LEADER_FOR_PARTITION' };
export const tooLarge: SendFailure = { kind: 'too-large', message: 'MESSAGE_TOO_LARGE' };

/** A producer that answers when the test says so. Partition p is led by broker p modulo 3. */
export function createProducer() {
  const sends: Send[] = [];
  const refreshLeaders = vi.fn(async () => undefined);
  const producer: Producer = {
    connect: async () => undefined,
    close: async () => undefined,
    leaderOf: (_topic, partition) => partition % 3,
    refreshLeaders,
    send(batches, compression) {
      return new Promise((resolve) => {
        let answered = false;
        sends.push({
          batches,
          compression,
          async answer(...failures) {
            answered = true;
            resolve(batches.map((_, index) => (failures.length > 1 ? failures[index] : failures[0])));
            await vi.advanceTimersByTimeAsync(0);
          },
          get answered() {
            return answered;
          },
        });
      });
    },
  };
  return { producer, sends, refreshLeaders };
}

/** What became of each published record, by its value. */
export type Fates = Map<string, ('acknowledged' | EngineError)[]>;

export const record = (value: string): OutboundRecord => ({ key: null, value, headers: {} });

/** An outbox of a topic of six partitions and 1,000 bytes a message. Each record is as large as it is said to be. */
export function outboxOf(producer: Producer, options: Partial<OutboxOptions> = {}) {
  const events = { onTrouble: vi.fn(), onRecovered: vi.fn(), onRoom: vi.fn() };
  const facts = { topic: 'out', partitions: 6, maxMessageBytes: 1_128 };
  const defaults = { facts, lingerMs: 5, maxBytes: 10_000, mustDeliver: false, moreToCome: () => false };
  const outbox = createOutbox(producer, { ...defaults, ...events, ...options });
  const fates: Fates = new Map();
  const order: string[] = [];
  return { outbox, ...events, fates, order, publish };

  /** Publishes records of one partition. */
  function publish(partition: number, values: string[], bytes = 100, owner: object = publish): void {
    for (const value of values) publishOne(outbox, partition, value, bytes, owner);
  }

  function publishOne(to: Publisher, partition: number, value: string, bytes: number, owner: object): void {
    const ended = fates.get(value) ?? [];
    fates.set(value, ended);
    const receipt = {
      acknowledged() {
        ended.push('acknowledged');
        order.push(value);
      },
      refused(error: EngineError) {
        ended.push(error);
        order.push(value);
      },
    };
    to.publish(partition, record(value), bytes, receipt, owner);
  }
}

/** What a request holds: `partition: values`. */
export function contents(send: Send | undefined): string[] {
  return (send?.batches ?? []).map(
    ({ partition, records }) => `${partition}: ${records.map(({ value }) => value).join(' ')}`,
  );
}
