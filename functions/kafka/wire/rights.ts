import { Reader } from './reader.ts';

/**
 * Metadata (version 8) and DescribeGroups (version 3), for the one thing that kafkajs' own versions of them leave out: what
 * this user may do. Both are there since Kafka 2.3, and the last before fields are numbered.
 * https://kafka.apache.org/protocol#The_Messages_Metadata, https://kafka.apache.org/protocol#The_Messages_DescribeGroups
 */
export const metadataApi = { key: 3, version: 8, name: 'Metadata' } as const;
export const describeGroupsApi = { key: 15, version: 3, name: 'DescribeGroups' } as const;

/** What a broker says of one topic, or of a group. */
export interface Authorized {
  readonly name: string;
  readonly errorCode: number;
  /** A bit for each operation, by Kafka's number of it; the least of numbers where the broker does not tell. */
  readonly operations: number;
}

interface Answer {
  readonly throttleMs: number;
  readonly found: readonly Authorized[];
}

/** Asks for topics by name. None of them is created. */
export function encodeMetadataRequest(topics: readonly string[]): Buffer {
  const flags = Buffer.from([0, 0, 1]); // create none; what may be done with the cluster: no; with the topics: yes
  return Buffer.concat([strings(topics), flags]);
}

export function decodeMetadataResponse(bytes: Buffer): Answer {
  const reader = new Reader(bytes);
  const throttleMs = reader.int32();
  for (let brokers = reader.count(12); brokers > 0; brokers -= 1) {
    reader.int32();
    reader.string();
    reader.int32();
    skipString(reader); // rack
  }
  skipString(reader); // cluster
  reader.int32(); // controller
  const found: Authorized[] = [];
  for (let topics = reader.count(12); topics > 0; topics -= 1) {
    const errorCode = reader.int16();
    const name = reader.string();
    reader.skip(1); // internal
    for (let partitions = reader.count(26); partitions > 0; partitions -= 1) {
      reader.skip(2 + 4 + 4 + 4); // error, partition, leader, epoch
      for (const _replicas of ['all', 'in sync', 'offline']) reader.skip(reader.count(4) * 4);
    }
    found.push({ name, errorCode, operations: reader.int32() });
  }
  return { throttleMs, found };
}

export function encodeDescribeGroupsRequest(group: string): Buffer {
  return Buffer.concat([strings([group]), Buffer.from([1])]);
}

/** Of the one group that was asked about; its members are passed over. */
export function decodeDescribeGroupsResponse(bytes: Buffer): Answer {
  const reader = new Reader(bytes);
  const throttleMs = reader.int32();
  const found: Authorized[] = [];
  for (let groups = reader.count(18); groups > 0; groups -= 1) {
    const errorCode = reader.int16();
    const name = reader.string();
    for (const _text of ['state', 'type', 'protocol']) skipString(reader);
    for (let members = reader.count(14); members > 0; members -= 1) {
      for (const _text of ['id', 'client', 'host']) skipString(reader);
      for (const _bytes of ['metadata', 'assignment']) reader.skip(Math.max(0, reader.int32()));
    }
    found.push({ name, errorCode, operations: reader.int32() });
  }
  return { throttleMs, found };
}

function strings(texts: readonly string[]): Buffer {
  const count = Buffer.alloc(4);
  count.writeInt32BE(texts.length);
  const items = texts.map((text) => {
    const size = Buffer.alloc(2);
    size.writeInt16BE(Buffer.byteLength(text));
    return Buffer.concat([size, Buffer.from(text)]);
  });
  return Buffer.concat([count, ...items]);
}

/** A length of -1 is null. */
function skipString(reader: Reader): void {
  reader.skip(Math.max(0, reader.int16()));
}
