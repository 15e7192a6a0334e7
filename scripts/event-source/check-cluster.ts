import { deniedText } from '../../functions/kafka/denied.ts';
import { kafkajsPort } from '../../functions/kafka/kafkajs/port.ts';
import type { Right } from '../../functions/kafka/port.ts';
import { CommandError } from '../support/command.ts';
import type { Security } from '../support/kafka/broker.ts';
import { withCluster } from '../support/kafka/group-look.ts';

/** Which cluster, and how to speak to it. */
interface Cluster {
  readonly bootstrapServers: readonly string[];
  readonly security: Security;
}

/**
 * Looks whether the pollers will be let in: kafkajs tries for ten minutes where it is refused, and does not say why.
 * @throws CommandError when no broker answers or lets us in, the topic is not there, or a right is missing
 */
export async function checkCluster(cluster: Cluster, topic: string, group: string): Promise<void> {
  const errors = await withCluster(cluster, [topic], async ({ facts }) => facts.topics.map(({ error }) => error));
  const denied = await missingRights(cluster, [
    { operation: 'Read', resource: 'topic', name: topic },
    { operation: 'Read', resource: 'group', name: group },
  ]);
  if (denied.length > 0) throw new CommandError(denied.map(deniedText).join('\n  '));
  if (errors.length === 0 || errors.includes('UNKNOWN_TOPIC_OR_PARTITION')) {
    throw new CommandError(`there is no topic ${topic} on this cluster: create it, or correct its name`);
  }
}

/** What brokers do not tell is taken for granted: one of them may be away. */
async function missingRights(cluster: Cluster, needed: readonly Right[]): Promise<readonly Right[]> {
  const { bootstrapServers: brokers, security } = cluster;
  const inspector = kafkajsPort({ brokers, clientId: 'event-source', security }).inspector();
  try {
    return await inspector.missingRights(needed);
  } catch {
    return [];
  } finally {
    await inspector.close();
  }
}
