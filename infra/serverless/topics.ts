import { topics } from '../topics.ts';

/** The processor's side of the wire: what its mapping reads, and what its role may touch. */
export const processorTopics = {
  source: 'market.raw',
  output: 'market.enriched',
  deadLetters: 'market.raw.dlq',
  /**
   * Where Lambda itself puts what it gives up on, in an envelope of its own and with the records inside. A topic apart:
   * readers of a dead-letter topic may rely on the headers that the runtime writes.
   */
  onFailure: 'market.raw.undelivered',
  group: 'processor-group',
} as const;

/** A topic as CloudFormation makes it. */
export interface TopicResource {
  readonly Type: 'AWS::MSK::Topic';
  readonly DeletionPolicy: 'Retain';
  readonly UpdateReplacePolicy: 'Retain';
  readonly Properties: {
    readonly ClusterArn: string;
    readonly TopicName: string;
    readonly PartitionCount: number;
    readonly ReplicationFactor: number;
    readonly Configs: string;
  };
}

/** `market.raw` is `TopicMarketRaw`. */
export function topicLogicalId(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `Topic${words.join('')}`;
}

/** All topics as resources, from `infra/topics.ts`. They outlive the stack: a removed stack must not take data along. */
export function topicResources(clusterArn: string): Record<string, TopicResource> {
  return Object.fromEntries(
    topics.map(({ name, partitions, replicationFactor, configs }) => [
      topicLogicalId(name),
      {
        Type: 'AWS::MSK::Topic',
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          ClusterArn: clusterArn,
          TopicName: name,
          PartitionCount: partitions,
          ReplicationFactor: replicationFactor,
          Configs: Buffer.from(JSON.stringify(configs)).toString('base64'),
        },
      },
    ]),
  );
}

/** What must be there before anything is read: the mapping's source, and all that its records may cause. */
export function mappingDependencies(): string[] {
  const { source, output, deadLetters, onFailure } = processorTopics;
  return [source, output, deadLetters, onFailure].map(topicLogicalId);
}

/** How long the source keeps a record, in seconds. */
export function sourceRetentionSeconds(): number {
  const source = topics.find(({ name }) => name === processorTopics.source);
  return Number(source?.configs['retention.ms']) / 1_000;
}
