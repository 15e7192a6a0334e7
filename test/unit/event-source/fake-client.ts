import type { EachBatchPayload, Kafka } from 'kafkajs';
import type { startPoller } from '../../../scripts/event-source/poller.ts';

type EachBatch = (payload: EachBatchPayload) => Promise<void>;

/** The part of a client that a poller uses, and the hands of its brokers. `own` goes before what does nothing. */
export function fakeClient(own: object = {}, cluster: object = {}) {
  let eachBatch: EachBatch | undefined;
  const listeners = new Map<string, (event: unknown) => void>();
  const nothing = async (): Promise<void> => undefined;
  const consumer = {
    events: { GROUP_JOIN: 'join', HEARTBEAT: 'heartbeat', REQUEST: 'request', CRASH: 'crash' },
    ...{ connect: nothing, subscribe: nothing, disconnect: nothing, commitOffsets: nothing },
    ...{ pause: () => undefined, resume: () => undefined },
    on: (name: string, listener: (event: unknown) => void) => listeners.set(name, listener),
    async run(config: { eachBatch: EachBatch }) {
      eachBatch = config.eachBatch;
    },
    ...own,
  };
  const kafka = {
    consumer({ partitionAssigners }: { partitionAssigners: ((config: object) => unknown)[] }) {
      for (const assigner of partitionAssigners) assigner({ cluster });
      return consumer;
    },
  };
  return {
    /** Options of a poller of topic `in`. */
    options: {
      kafka: kafka as unknown as Kafka,
      ...{ topic: 'in', groupId: 'g', batchSize: 1, windowMs: 1, busy: new Set<number>(), concurrency: 1 },
      signal: new AbortController().signal,
    } satisfies Partial<Parameters<typeof startPoller>[0]>,
    /** Something that the client tells: `join`, `heartbeat`, `request` or `crash`. */
    tell: (name: string, event: unknown) => listeners.get(name)?.(event),
    /** Records at these offsets of partition 0 have been fetched. */
    async fetched(...offsets: string[]): Promise<void> {
      const message = { timestamp: '0', key: null, value: Buffer.from('{}'), headers: {}, attributes: 0 };
      const messages = offsets.map((offset) => ({ ...message, offset }));
      const payload = { batch: { partition: 0, messages }, resolveOffset: () => undefined };
      await eachBatch?.({ ...payload, isStale: () => false, isRunning: () => true } as unknown as EachBatchPayload);
    },
  };
}
