import { connect } from 'node:net';
import type { BrokerPorts } from './layout.ts';

/** What the brokers say about their controllers. */
export interface QuorumStatus {
  /** Whether the controllers have a leader: without one no topic, leader or membership can change. */
  readonly healthy: boolean;
  /** The broker that leads the controllers; absent when there is none, or nobody answers. */
  readonly leaderId?: number;
}

const timeoutMs = 3_000;

/** Asks the brokers, all at once, and takes the first answer that names a leader. */
export async function describeQuorum(brokers: readonly BrokerPorts[]): Promise<QuorumStatus> {
  try {
    const leaderId = await Promise.any(brokers.map((broker) => askLeader(broker.port)));
    return { healthy: true, leaderId };
  } catch {
    return { healthy: false };
  }
}

/**
 * DescribeQuorum (API key 55, version 0) of the one partition of `__cluster_metadata`, by hand: kafkajs does not know
 * the request, and any broker passes it on to the leader of the controllers, so an answer proves that there is one.
 */
function askLeader(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let received = Buffer.alloc(0);
    const fail = (why: string) => {
      socket.destroy();
      reject(new Error(why));
    };
    socket.setTimeout(timeoutMs, () => fail('no answer'));
    socket.once('error', (error) => fail(error.message));
    socket.once('close', () => fail('connection closed'));
    socket.once('connect', () => socket.write(describeQuorumRequest()));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      const leaderId = parseLeader(received.subarray(4));
      if (leaderId === undefined) return fail('no leader');
      socket.destroy();
      resolve(leaderId);
    });
  });
}

const metadataTopic = Buffer.from('__cluster_metadata');

/** A request with a flexible header: compact arrays and strings carry their length plus one, 0 ends each struct. */
export function describeQuorumRequest(): Buffer {
  const clientId = Buffer.from('hft-cluster');
  const header = Buffer.alloc(10);
  header.writeInt16BE(55, 0);
  header.writeInt16BE(0, 2);
  header.writeInt32BE(1, 4);
  header.writeInt16BE(clientId.length, 8);
  const topics = [Buffer.from([2, metadataTopic.length + 1]), metadataTopic, Buffer.from([2, 0, 0, 0, 0, 0, 0, 0])];
  const body = Buffer.concat([header, clientId, Buffer.from([0]), ...topics]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

/** The leader in the answer, which follows correlation id, tags, error code, and the name of the only topic. */
export function parseLeader(answer: Buffer): number | undefined {
  const partitionAt = 4 + 1 + 2 + 1 + 1 + metadataTopic.length + 1;
  const error = answer.length < 7 ? -1 : answer.readInt16BE(5);
  if (error !== 0 || answer.length < partitionAt + 10) return undefined;
  const leaderId = answer.readInt32BE(partitionAt + 6);
  return answer.readInt16BE(partitionAt + 4) === 0 && leaderId >= 0 ? leaderId : undefined;
}
