import { processorTopics } from './topics.ts';

/** The ARNs that a role's `kafka-cluster:*` statements name. Each kind of action counts only on its own kind of ARN. */
export interface KafkaArns {
  readonly cluster: string;
  readonly source: string;
  readonly output: string;
  readonly deadLetters: string;
  readonly onFailure: string;
  readonly group: string;
}

/** `arn:...:cluster/name/id` names a topic as `arn:...:topic/name/id/<topic>`, and a group alike. */
export function kafkaArns(clusterArn: string): KafkaArns {
  const named = (kind: 'topic' | 'group', name: string): string =>
    `${clusterArn.replace(':cluster/', `:${kind}/`)}/${name}`;
  const { source, output, deadLetters, onFailure, group } = processorTopics;
  return {
    cluster: clusterArn,
    source: named('topic', source),
    output: named('topic', output),
    deadLetters: named('topic', deadLetters),
    onFailure: named('topic', onFailure),
    group: named('group', group),
  };
}

/** The fourth part of an ARN. */
export function regionOf(arn: string): string {
  return arn.split(':')[3] ?? '';
}
