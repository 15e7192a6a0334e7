import { printable } from '../../support/words.ts';

/**
 * The rights that each call takes, on the cluster's ARN and on the topic's: the developer guide of MSK, "IAM permissions
 * for topic operations APIs". Its topic calls ask for the rights of Kafka's protocol, not for one of their own name.
 */
export const rights = {
  ListClustersV2: { any: ['kafka:ListClustersV2'] },
  DescribeClusterV2: { cluster: ['kafka:DescribeClusterV2'] },
  GetBootstrapBrokers: { cluster: ['kafka:GetBootstrapBrokers'] },
  ListTopics: { cluster: ['kafka-cluster:Connect'], topic: ['kafka-cluster:DescribeTopic'] },
  DescribeTopic: {
    cluster: ['kafka-cluster:Connect'],
    topic: ['kafka-cluster:DescribeTopic', 'kafka-cluster:DescribeTopicDynamicConfiguration'],
  },
  DescribeTopicPartitions: {
    cluster: ['kafka-cluster:Connect'],
    topic: ['kafka-cluster:DescribeTopic', 'kafka-cluster:DescribeTopicDynamicConfiguration'],
  },
  CreateTopic: { cluster: ['kafka-cluster:Connect'], topic: ['kafka-cluster:CreateTopic'] },
  UpdateTopic: {
    cluster: ['kafka-cluster:Connect'],
    topic: ['kafka-cluster:DescribeTopic', 'kafka-cluster:AlterTopic', 'kafka-cluster:AlterTopicDynamicConfiguration'],
  },
} as const satisfies Readonly<Record<string, Partial<Record<'any' | 'cluster' | 'topic', readonly string[]>>>>;

/** A call to the service: which, and on what. */
export interface ServiceCall {
  readonly operation: keyof typeof rights;
  readonly clusterArn?: string | undefined;
  readonly topic?: string | undefined;
}

/** The rights that a call takes and what on, for a sentence. */
export function neededRights({ operation, clusterArn = 'the cluster', topic = '*' }: ServiceCall): string {
  const needed: Partial<Record<'any' | 'cluster' | 'topic', readonly string[]>> = rights[operation];
  const on = { any: '*', cluster: clusterArn, topic: `${clusterArn.replace(':cluster/', ':topic/')}/${topic}` };
  return (['any', 'cluster', 'topic'] as const)
    .flatMap((kind) => (needed[kind] ? [`${needed[kind].join(' and ')} on ${printable(on[kind])}`] : []))
    .join(', and ');
}
