import { askBroker, flexibleRequest } from './ask.ts';
import type { Inside } from './inside.ts';
import type { BrokerPorts } from './layout.ts';

/** What the brokers say about their controllers. */
export interface QuorumStatus {
  /** Whether the controllers have a leader: without one no topic, leader or membership can change. */
  readonly healthy: boolean;
  /** The broker that leads the controllers; absent when there is none, or nobody answers. */
  readonly leaderId?: number;
}

/** Asks the brokers, all at once, and takes the first answer that names a leader. */
export async function describeQuorum(brokers: readonly BrokerPorts[], inside: Inside): Promise<QuorumStatus> {
  try {
    const leaderId = await Promise.any(brokers.map((broker) => askLeader(inside.port(broker), inside)));
    return { healthy: true, leaderId };
  } catch {
    return { healthy: false };
  }
}

/**
 * DescribeQuorum (API key 55, version 0) of the one partition of `__cluster_metadata`, by hand: kafkajs does not know
 * the request, and any broker passes it on to the leader of the controllers, so an answer proves that there is one.
 */
async function askLeader(port: number, inside: Inside): Promise<number> {
  const leaderId = parseLeader(await askBroker(port, inside, describeQuorumRequest()));
  if (leaderId === undefined) throw new Error('no leader');
  return leaderId;
}

const metadataTopic = Buffer.from('__cluster_metadata');

export function describeQuorumRequest(): Buffer {
  const topics = [Buffer.from([2, metadataTopic.length + 1]), metadataTopic, Buffer.from([2, 0, 0, 0, 0, 0, 0, 0])];
  return flexibleRequest(55, 0, ...topics);
}

/** The leader in the answer, which follows correlation id, tags, error code, and the name of the only topic. */
export function parseLeader(answer: Buffer): number | undefined {
  const partitionAt = 4 + 1 + 2 + 1 + 1 + metadataTopic.length + 1;
  const error = answer.length < 7 ? -1 : answer.readInt16BE(5);
  if (error !== 0 || answer.length < partitionAt + 10) return undefined;
  const leaderId = answer.readInt32BE(partitionAt + 6);
  return answer.readInt16BE(partitionAt + 4) === 0 && leaderId >= 0 ? leaderId : undefined;
}
