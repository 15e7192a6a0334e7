import kafkajs, { type Kafka, type KafkaConfig } from 'kafkajs';

/** A Kafka client of the ledger's own: the code under test and its settings have no part in it. */
export function ledgerClient(bootstrapServers: readonly string[], settings: Partial<KafkaConfig> = {}): Kafka {
  return new kafkajs.Kafka({
    clientId: 'ledger',
    brokers: [...bootstrapServers],
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: 10_000,
    retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000 },
    ...settings,
  });
}

/** The offsets that a partition's log holds: from `low`, up to and without `high`. */
export interface LogBounds {
  readonly low: number;
  readonly high: number;
}

/** Where each partition's log starts and ends now, by partition number. Tries again until the deadline. */
export async function logBounds(kafka: Kafka, topics: readonly string[], deadlineMs: number): Promise<LogBounds[][]> {
  const bounds = await persist(deadlineMs, `the offsets of ${topics.join(', ')}`, async () => {
    const admin = kafka.admin();
    try {
      await admin.connect();
      return await Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic)));
    } finally {
      await admin.disconnect();
    }
  });
  return bounds.map((partitions) =>
    partitions
      .toSorted((a, b) => a.partition - b.partition)
      .map(({ low, high }) => ({ low: Number(low), high: Number(high) })),
  );
}

/** Repeats a look at the cluster until it succeeds: brokers come and go under these tests. */
export async function persist<T>(deadlineMs: number, what: string, look: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > deadlineMs)
        throw new Error(`Could not read ${what} in time: ${String(error)}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
