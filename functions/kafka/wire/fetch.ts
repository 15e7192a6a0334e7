import type { AbortedTransaction } from './aborted.ts';
import type { BatchRange } from './fetched-batches.ts';
import { Reader } from './reader.ts';
import { WireError } from './wire-error.ts';

/**
 * Fetch request and response, versions 10 (Kafka 2.1, the first with zstd) and 11 (2.3, which may send us to another
 * replica). They differ in one field each. The later ones number their fields and save nothing here.
 * https://kafka.apache.org/protocol#The_Messages_Fetch
 */
export const fetchApi = { key: 1, name: 'Fetch', oldest: 10, newest: 11 } as const;

/** What a fetch asks of a broker. */
export interface FetchRequest {
  readonly topic: string;
  readonly positions: readonly FetchPosition[];
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  /** 1 is read committed: records of a transaction come once it is decided. */
  readonly isolationLevel: number;
  readonly rackId: string;
}

export interface FetchPosition {
  readonly partition: number;
  readonly offset: number;
}

const noEpoch = -1;
const consumer = -1;

/** The body of a request. Full fetches, no sessions: a broker need not remember us, and nor do we what it knows. */
export function encodeFetchRequest(request: FetchRequest, version: number): Buffer {
  const { topic, positions, rackId } = request;
  const size =
    39 + Buffer.byteLength(topic) + positions.length * 28 + (version < 11 ? 0 : 2 + Buffer.byteLength(rackId));
  const out = Buffer.allocUnsafe(size);
  let at = out.writeInt32BE(consumer, 0);
  at = out.writeInt32BE(request.maxWaitMs, at);
  at = out.writeInt32BE(request.minBytes, at);
  at = out.writeInt32BE(request.maxBytes, at);
  at = out.writeInt8(request.isolationLevel, at);
  at = out.writeInt32BE(0, at); // no session
  at = out.writeInt32BE(noEpoch, at);
  at = out.writeInt32BE(1, at); // topics
  at = writeString(out, topic, at);
  at = out.writeInt32BE(positions.length, at);
  for (const { partition, offset } of positions) {
    at = out.writeInt32BE(partition, at);
    at = out.writeInt32BE(noEpoch, at); // the leader's
    at = out.writeBigInt64BE(BigInt(offset), at);
    at = out.writeBigInt64BE(-1n, at); // start of the log: followers only
    at = out.writeInt32BE(request.maxBytesPerPartition, at);
  }
  at = out.writeInt32BE(0, at); // nothing to forget
  if (version >= 11) writeString(out, rackId, at);
  return out;
}

function writeString(out: Buffer, text: string, at: number): number {
  const body = out.writeInt16BE(Buffer.byteLength(text), at);
  return body + out.write(text, body, 'utf8');
}

/** What a broker says of one partition. Its batches are read when it is known that they are wanted. */
export interface FetchedPartition extends BatchRange {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  /** The broker to ask instead; -1 for none. */
  readonly preferredReplica: number;
}

export interface FetchResponse {
  readonly throttleMs: number;
  readonly errorCode: number;
  readonly bytes: Buffer;
  readonly partitions: readonly FetchedPartition[];
}

/** Reads all but the batches. Throws a `WireError` when the bytes are not a response about this topic. */
export function decodeFetchResponse(bytes: Buffer, topic: string, version: number): FetchResponse {
  const reader = new Reader(bytes);
  const throttleMs = reader.int32();
  const errorCode = reader.int16();
  reader.int32(); // session
  const partitions: FetchedPartition[] = [];
  for (let topics = reader.count(6); topics > 0; topics -= 1) {
    const name = reader.string();
    if (name !== topic) throw new WireError('corrupt', `The broker answers about topic ${name}, not ${topic}`);
    for (let count = reader.count(38); count > 0; count -= 1) partitions.push(readPartition(reader, version));
  }
  return { throttleMs, errorCode, bytes, partitions };
}

function readPartition(reader: Reader, version: number): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  reader.skip(8 + 8); // last stable offset, start of the log
  const aborted: AbortedTransaction[] = [];
  for (let count = reader.count(16); count > 0; count -= 1) {
    aborted.push({ producerId: reader.int64(), firstOffset: reader.int64() });
  }
  const preferredReplica = version < 11 ? -1 : reader.int32();
  const length = Math.max(0, reader.int32()); // -1 is none
  const start = reader.skip(length);
  return { partition, errorCode, highWatermark, aborted, preferredReplica, start, end: start + length };
}
