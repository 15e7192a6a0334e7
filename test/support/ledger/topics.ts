import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ledgerClient, persist } from './client.ts';

export interface RunTopics {
  readonly source: string;
  readonly output: string;
  readonly deadLetters: string;
}

export interface RunTopicOptions {
  readonly prefix?: string;
  /** Of the source (default 6). */
  readonly partitions?: number;
  /** Must divide the source's, as the dead letters' must (default: as many). */
  readonly outputPartitions?: number;
  readonly deadLetterPartitions?: number;
}

/**
 * Creates three topics of unique names for a run under judgement. Output and dead letters carry the time at which the
 * broker appended them (`LogAppendTime`): the evidence by which commits are judged.
 */
export async function createRunTopics(
  bootstrapServers: readonly string[],
  options: RunTopicOptions = {},
): Promise<RunTopics> {
  const { prefix = 'ledger', partitions = 6 } = options;
  const id = randomBytes(4).toString('hex');
  const names = { source: `${prefix}.raw.${id}`, output: `${prefix}.out.${id}`, deadLetters: `${prefix}.dlq.${id}` };
  const appendTime = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }];
  const wanted = [
    { topic: names.source, numPartitions: partitions, configEntries: [] },
    { topic: names.output, numPartitions: options.outputPartitions ?? partitions, configEntries: appendTime },
    { topic: names.deadLetters, numPartitions: options.deadLetterPartitions ?? partitions, configEntries: appendTime },
  ];
  const limits = [
    { name: 'min.insync.replicas', value: '2' },
    { name: 'max.message.bytes', value: '1048576' },
  ];
  const admin = ledgerClient(bootstrapServers).admin();
  await admin.connect();
  try {
    await admin.createTopics({
      waitForLeaders: false,
      timeout: 20_000,
      topics: wanted.map((topic) => ({
        ...topic,
        replicationFactor: 3,
        configEntries: [...limits, ...topic.configEntries],
      })),
    });
    for (let ready = false; !ready; await sleep(50)) {
      const { topics } = await persist(Date.now() + 30_000, 'the new topics', () =>
        admin.fetchTopicMetadata({ topics: Object.values(names) }),
      );
      ready = topics.every(
        (topic) => topic.partitions.length > 0 && topic.partitions.every(({ leader }) => leader >= 0),
      );
    }
  } finally {
    await admin.disconnect();
  }
  return names;
}
