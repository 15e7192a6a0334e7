import type { PreparedBatch } from './record-batch.ts';

/**
 * Produce request and response, version 7, which brokers take since Kafka 2.1.
 * https://kafka.apache.org/protocol#The_Messages_Produce
 */

/** A record batch and where it goes. */
export interface AddressedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly batch: PreparedBatch;
}

export const produceApi = { key: 0, version: 7, name: 'Produce' } as const;

const acksFromAllInSync = -1;

/** The body of a request: batches of one topic follow each other. `room` gives memory of at least so many bytes. */
export function encodeProduceRequest(
  batches: readonly AddressedBatch[],
  timeoutMs: number,
  room: (bytes: number) => Buffer = Buffer.allocUnsafe,
): Buffer {
  const byTopic = new Map<string, AddressedBatch[]>();
  for (const batch of batches) {
    const list = byTopic.get(batch.topic);
    if (list === undefined) byTopic.set(batch.topic, [batch]);
    else list.push(batch);
  }
  let size = 2 + 2 + 4 + 4;
  for (const [topic, list] of byTopic) {
    size += 2 + Buffer.byteLength(topic) + 4;
    for (const { batch } of list) size += 4 + 4 + batch.length;
  }
  const out = room(size).subarray(0, size);
  let at = out.writeInt16BE(-1, 0); // no transactional id
  at = out.writeInt16BE(acksFromAllInSync, at);
  at = out.writeInt32BE(timeoutMs, at);
  at = out.writeInt32BE(byTopic.size, at);
  for (const [topic, list] of byTopic) {
    at = out.writeInt16BE(Buffer.byteLength(topic), at);
    at += out.write(topic, at, 'utf8');
    at = out.writeInt32BE(list.length, at);
    for (const { partition, batch } of list) {
      at = out.writeInt32BE(partition, at);
      at = out.writeInt32BE(batch.length, at);
      at = batch.writeTo(out, at);
    }
  }
  return out;
}

/** What the broker says of each partition, and how long it wants to be left alone. */
export interface ProduceResponse {
  /** Error codes by `topic/partition`; 0 is stored. */
  readonly errorCodes: ReadonlyMap<string, number>;
  readonly throttleMs: number;
}

export function decodeProduceResponse(bytes: Buffer): ProduceResponse {
  const errorCodes = new Map<string, number>();
  let at = 4;
  for (let topics = bytes.readInt32BE(0); topics > 0; topics -= 1) {
    const length = bytes.readInt16BE(at);
    const topic = bytes.toString('utf8', at + 2, at + 2 + length);
    at += 2 + length;
    let partitions = bytes.readInt32BE(at);
    at += 4;
    for (; partitions > 0; partitions -= 1) {
      errorCodes.set(`${topic}/${bytes.readInt32BE(at)}`, bytes.readInt16BE(at + 4));
      at += 4 + 2 + 8 + 8 + 8; // partition, error code, base offset, append time, log start
    }
  }
  return { errorCodes, throttleMs: bytes.readInt32BE(at) };
}
