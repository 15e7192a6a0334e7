import { crc32 } from 'node:zlib';
import type { InboundRecord } from '../../runtime/contract.ts';
import type { FetchedFrom } from './fetched-batches.ts';
import { type InflateBudget, inflate } from './inflate.ts';
import { int64, Reader } from './reader.ts';
import { WireError } from './wire-error.ts';

/**
 * A message, formats 0 and 1, as a topic may still hold them that was written before Kafka 0.11 or is set to its formats.
 * A compressed one has others in its value. Brokers since 3.0 write none.
 * https://kafka.apache.org/documentation/#messageset
 */
export interface ReadMessage {
  readonly records: readonly InboundRecord[];
  readonly lastOffset: number;
  readonly end: number;
}

interface Message {
  readonly offset: number;
  readonly attributes: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly end: number;
}

/** Offset and length stand in front of what the length counts; the checksum is of what follows it. */
const prefixBytes = 12;
const crcBytes = 4;
const leastBytes = 14;
const codecMask = 0x07;
const appendTimeFlag = 0x08;
const noTimestamp = -1;

/** The records of one message, however many it holds; `undefined` when it is not all there. */
export function readMessage(
  bytes: Buffer,
  start: number,
  limit: number,
  { topic, partition }: FetchedFrom,
  budget: InflateBudget,
): ReadMessage | undefined {
  const outer = readOne(bytes, start, limit);
  if (outer === undefined) return undefined;
  const inner = innerOf(outer, budget);
  const last = inner.at(-1);
  // Format 1 counts those within from 0, but for the outer one, which has the offset of the last.
  const base = last === undefined ? 0 : outer.offset - last.offset;
  const records = (last === undefined ? [outer] : inner).map(({ offset, timestamp, key, value }) => ({
    topic,
    partition,
    offset: base + offset,
    timestamp: (outer.attributes & appendTimeFlag) === 0 ? timestamp : outer.timestamp,
    key,
    value,
    headers: {},
  }));
  return { records, lastOffset: outer.offset, end: outer.end };
}

function innerOf({ attributes, value, offset }: Message, budget: InflateBudget): readonly Message[] {
  const codec = attributes & codecMask;
  if (codec === 0) return [];
  const plain = inflate(codec, value ?? Buffer.alloc(0), budget, offset); // that of the last within
  const inner: Message[] = [];
  for (let at = 0; at < plain.length; ) {
    const one = readOne(plain, at, plain.length);
    if (one === undefined) throw new WireError('corrupt', 'A message within another is cut short');
    inner.push(one);
    at = one.end;
  }
  if (inner.length === 0) throw new WireError('corrupt', 'A compressed message has none within');
  return inner;
}

function readOne(bytes: Buffer, start: number, limit: number): Message | undefined {
  if (limit - start < prefixBytes) return undefined;
  const length = bytes.readInt32BE(start + 8);
  if (length < leastBytes) throw new WireError('corrupt', `The message is ${length} bytes long`);
  const end = start + prefixBytes + length;
  if (end > limit) return undefined;
  const reader = new Reader(bytes, start + prefixBytes + crcBytes, end);
  if (crc32(bytes.subarray(reader.at, end)) !== bytes.readUInt32BE(start + prefixBytes)) {
    throw new WireError('corrupt', `The message of ${length} bytes does not have its checksum`);
  }
  const magic = bytes[reader.skip(1)] as number; // within bounds
  const attributes = bytes[reader.skip(1)] as number; // within bounds
  if (magic > 1) throw new WireError('corrupt', `A message of format ${magic} is within another`);
  const timestamp = magic === 0 ? noTimestamp : int64(bytes, reader.skip(8));
  const key = readBytes(reader);
  const value = readBytes(reader);
  if (reader.left > 0) throw new WireError('corrupt', `${reader.left} bytes follow the message's value`);
  return { offset: int64(bytes, start), attributes, timestamp, key, value, end };
}

function readBytes(reader: Reader): Buffer | null {
  const length = reader.int32();
  if (length === -1) return null;
  const start = reader.skip(length);
  return reader.bytes.subarray(start, start + length);
}
