import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { inject } from 'vitest';
import type { TopicConfigs, TopicDeclaration } from '../../infra/topics.ts';
import { ensureTopics } from '../../scripts/topics/ensure.ts';

/** What a test wants of a topic; the rest is as the contract's topics are. */
export interface TestTopic {
  readonly partitions?: number;
  readonly configs?: Partial<TopicConfigs>;
}

/** A name that no other test, and no earlier run, has used. */
export function uniqueName(prefix: string): string {
  return `${prefix}.${randomBytes(4).toString('hex')}`;
}

/**
 * Creates topics for one test, all in one request, and waits until they can be written. The names begin with the given
 * keys and are unique: `const { input, output } = await createTopics({ input: { partitions: 6 }, output: {} })`.
 */
export async function createTopics<Key extends string>(
  wanted: Readonly<Record<Key, TestTopic>>,
  bootstrapServers: readonly string[] = inject('bootstrapServers'),
): Promise<Record<Key, string>> {
  const names = {} as Record<Key, string>;
  const declarations: TopicDeclaration[] = [];
  for (const key in wanted) {
    names[key] = uniqueName(key);
    declarations.push({
      name: names[key],
      partitions: wanted[key].partitions ?? 6,
      replicationFactor: 3,
      configs: {
        'cleanup.policy': 'delete',
        'min.insync.replicas': '2',
        'retention.ms': '604800000',
        'max.message.bytes': '1048576',
        'compression.type': 'producer',
        ...wanted[key].configs,
      },
    });
  }
  await ensureTopics(bootstrapServers, declarations);
  return names;
}

/** For a moment after a topic was made some brokers do not know it yet, and each request may go to another one. */
export async function heardOf<Answer>(ask: () => Promise<Answer>, tries = 25): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    const isUnheard = error instanceof kafkajs.KafkaJSProtocolError && error.type === 'UNKNOWN_TOPIC_OR_PARTITION';
    if (!isUnheard || tries === 1) throw error;
    await delay(200);
    return await heardOf(ask, tries - 1);
  }
}
