import type { TopicDeclaration } from '../../../infra/topics.ts';
import { grantRights, RightsRefusedError, readRights } from '../../support/kafka/acls.ts';
import { incrementalAlterConfigs, incrementalAlterConfigsKey } from '../../support/kafka/incremental-alter-configs.ts';
import type { KafkaAccess, TopicsTarget } from '../target.ts';
import { topicCreator } from './create-topics.ts';
import { type Answered, changeTimeoutMs, insist, slow, untilNone } from './insist.ts';
import { readLiveTopics } from './live-topics.ts';
import { refusal } from './refusal.ts';
import { openSession } from './session.ts';

const alreadyExists = 36;
const invalidPartitions = 37;

/**
 * A cluster that is reached by Kafka's own protocol. Takes the rights Describe, DescribeConfigs, Create, Alter and
 * AlterConfigs on its topics.
 * @throws CommandError when no broker answers
 */
export async function openKafkaTarget(
  description: string,
  access: KafkaAccess,
  declared: readonly TopicDeclaration[],
): Promise<TopicsTarget> {
  const session = await openSession(access);
  const create = topicCreator(session);

  return {
    description,
    kafka: access,
    describe: () => readLiveTopics(session, declared),
    async create(topic) {
      const { name, partitions } = topic;
      const answered = await create(topic);
      if (answered.errorCode === alreadyExists) return 'existed';
      check(answered, `create topic ${name}`, `Create on topic ${name}, or on the cluster`);
      await untilPartitions(name, partitions);
      return 'created';
    },
    async setConfigs(name, changes) {
      const answers = await insist(session, [name], async () => {
        const { resources } = await session.ask((broker) =>
          broker.askWith(incrementalAlterConfigsKey, incrementalAlterConfigs, { topic: name, settings: changes }, slow),
        );
        return resources.map((one) => ({ ...one, name }));
      });
      check(
        answers.get(name),
        `change ${[...changes.keys()].join(', ')} of topic ${name}`,
        `AlterConfigs on topic ${name}`,
      );
    },
    async addPartitions(name, count) {
      const answers = await insist(session, [name], async () => {
        const topicPartitions = [{ topic: name, count }];
        const args = { topicPartitions, validateOnly: false, timeout: changeTimeoutMs } as const;
        const { topicErrors } = await session.ask((broker) => broker.ask('CreatePartitions', args, slow));
        return topicErrors.map((one) => ({ ...one, name }));
      });
      const answered = answers.get(name);
      // When an answer got lost, or somebody was quicker, there are as many already.
      if (answered?.errorCode === invalidPartitions && (await partitionsOf(name)) === count) return;
      check(answered, `add partitions to topic ${name}`, `Alter on topic ${name}`);
      await untilPartitions(name, count);
    },
    rights: () => refusing('read the rights of users', 'Describe', () => readRights(session.ask)),
    grant: (rights) => refusing('grant rights', 'Alter', () => grantRights(session.ask, rights)),
    async waitUntilReady(names) {
      await untilNone(async () => {
        if (names.length === 0) return [];
        const { topicMetadata } = await session.metadata(names);
        const led = topicMetadata
          .filter(({ partitionMetadata: all }) => all.length > 0 && all.every(({ leader }) => leader >= 0))
          .map(({ topic }) => topic);
        return names.filter((name) => !led.includes(name));
      }, 'a leader for each of its partitions');
    },
    close: () => session.close(),
  };

  async function partitionsOf(name: string): Promise<number> {
    const { topicMetadata } = await session.metadata([name]);
    return topicMetadata[0]?.partitionMetadata.length ?? 0;
  }

  /** A broker tells of a change a moment after the controller made it. */
  function untilPartitions(name: string, count: number): Promise<void> {
    return untilNone(
      async () => ((await partitionsOf(name)) >= count ? [] : [name]),
      `its ${count} partitions on the broker that was asked`,
    );
  }
}

async function refusing<Answer>(wanted: string, right: string, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof RightsRefusedError)) throw error;
    throw refusal({ wanted, right: `${right} on the cluster`, code: error.code, message: error.message });
  }
}

function check(answered: Answered | undefined, wanted: string, right: string): void {
  const { errorCode: code, errorMessage: message } = answered ?? { errorCode: -1, errorMessage: 'the answer is empty' };
  if (code !== 0) throw refusal({ wanted, right, code, message });
}
