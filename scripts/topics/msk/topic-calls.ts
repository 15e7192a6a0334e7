import type { DescribeTopicResponse, UpdateTopicRequest } from '@aws-sdk/client-kafka';
import type { TopicDeclaration } from '../../../infra/topics.ts';
import { CommandError } from '../../support/command.ts';
import { printable } from '../../support/words.ts';
import type { MskApi } from './api.ts';
import { decodeConfigs, encodeConfigs } from './configs.ts';
import { certain, type Patience, until } from './patience.ts';

/** A topic as the service describes it. */
export interface TopicDescription {
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: ReadonlyMap<string, string>;
  readonly status: string;
}

/** A topic as the service lists it. */
export type ListedTopic = Pick<TopicDescription, 'partitions' | 'replicationFactor'> & { readonly name: string };

/** What an update changes: the service takes one of the two at a time. */
export type TopicUpdate = { readonly configs: ReadonlyMap<string, string> } | { readonly partitions: number };

/** The service's calls for topics, of one cluster. */
export interface TopicCalls {
  list(): Promise<ListedTopic[]>;
  /** Undefined when there is no such topic. A topic under way is waited for. */
  describe(name: string): Promise<TopicDescription | undefined>;
  /** The leader of each partition, -1 where there is none; undefined when the topic does not show yet. */
  leaders(name: string): Promise<number[] | undefined>;
  create(topic: TopicDeclaration): Promise<'created' | 'existed'>;
  /** Resolves when the change shows. */
  update(name: string, change: TopicUpdate): Promise<void>;
}

export function topicCalls({ sdk, client, call }: MskApi, clusterArn: string, patience: Patience): TopicCalls {
  return {
    list: () =>
      call({ operation: 'ListTopics', clusterArn }, async () => {
        const listed: ListedTopic[] = [];
        for await (const { Topics = [] } of sdk.paginateListTopics({ client }, { ClusterArn: clusterArn })) {
          for (const topic of Topics) listed.push({ name: required('TopicName', topic.TopicName), ...countsOf(topic) });
        }
        return listed;
      }),

    describe: (name) =>
      until(
        patience,
        () => describeNow(name),
        (seen) => seen === undefined || seen.status === 'ACTIVE',
        (seen) => `${printable(name)} is still ${printable(seen?.status ?? '')}`,
      ),

    leaders: (name) =>
      call({ operation: 'DescribeTopicPartitions', clusterArn, topic: name }, () =>
        unlessNotFound(async () => {
          const leaders: number[] = [];
          const input = { ClusterArn: clusterArn, TopicName: name };
          for await (const { Partitions = [] } of sdk.paginateDescribeTopicPartitions({ client }, input)) {
            leaders.push(...Partitions.map(({ Leader }) => Leader ?? -1));
          }
          return leaders;
        }),
      ),

    create: ({ name, partitions, replicationFactor, configs }) =>
      call({ operation: 'CreateTopic', clusterArn, topic: name }, async () => {
        const command = new sdk.CreateTopicCommand({
          ClusterArn: clusterArn,
          TopicName: name,
          PartitionCount: partitions,
          ReplicationFactor: replicationFactor,
          Configs: encodeConfigs(new Map(Object.entries(configs))),
        });
        try {
          await client.send(command);
          return 'created';
        } catch (error) {
          if (error instanceof sdk.TopicExistsException) return 'existed';
          throw error;
        }
      }),

    update: async (name, change) => {
      const input: UpdateTopicRequest = { ClusterArn: clusterArn, TopicName: name };
      if ('partitions' in change) input.PartitionCount = change.partitions;
      else input.Configs = encodeConfigs(change.configs);
      const command = new sdk.UpdateTopicCommand(input);
      await call({ operation: 'UpdateTopic', clusterArn, topic: name }, () => client.send(command));
      // ACTIVE alone says little: for a while the description is the one from before the change.
      await until(
        patience,
        () => describeNow(name),
        (seen) => seen?.status === 'ACTIVE' && shows(seen, change),
        (seen) => `${printable(name)} (${printable(seen?.status ?? 'not found')}) does not show its change`,
        certain,
      );
    },
  };

  async function describeNow(name: string): Promise<TopicDescription | undefined> {
    const command = new sdk.DescribeTopicCommand({ ClusterArn: clusterArn, TopicName: name });
    return call({ operation: 'DescribeTopic', clusterArn, topic: name }, () =>
      unlessNotFound(async () => descriptionFrom(name, await client.send(command))),
    );
  }

  async function unlessNotFound<Answer>(run: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await run();
    } catch (error) {
      if (error instanceof sdk.NotFoundException) return undefined;
      throw error;
    }
  }
}

function descriptionFrom(name: string, answer: DescribeTopicResponse): TopicDescription {
  const configs = decodeConfigs(answer.Configs);
  if (!configs) {
    throw new CommandError(`MSK answers the settings of ${printable(name)} in a form that is not known here.`);
  }
  return { ...countsOf(answer), configs, status: required('Status', answer.Status) };
}

function countsOf(topic: Pick<DescribeTopicResponse, 'PartitionCount' | 'ReplicationFactor'>): {
  partitions: number;
  replicationFactor: number;
} {
  return {
    partitions: required('PartitionCount', topic.PartitionCount),
    replicationFactor: required('ReplicationFactor', topic.ReplicationFactor),
  };
}

/** The model calls every member of an answer optional; these are what a topic is. */
function required<Value>(member: string, value: Value | undefined): Value {
  if (value !== undefined) return value;
  throw new CommandError(`MSK answered for a topic without its ${member}: run the same command again.`);
}

function shows(seen: TopicDescription, change: TopicUpdate): boolean {
  if ('partitions' in change) return seen.partitions >= change.partitions;
  return [...change.configs].every(([name, value]) => seen.configs.get(name) === value);
}
