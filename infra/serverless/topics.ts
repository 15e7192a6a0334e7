import { topics } from '../topics.ts';

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

/** How long a declared topic keeps a record, in seconds. */
export function retentionSeconds(name: string): number {
  const declared = topics.find((topic) => topic.name === name);
  return Number(declared?.configs['retention.ms']) / 1_000;
}
