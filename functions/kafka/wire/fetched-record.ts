import type { InboundRecord, RecordHeaders } from '../../runtime/contract.ts';
import type { Reader } from './reader.ts';
import { WireError } from './wire-error.ts';

/** What all records of a batch have in common. */
export interface BatchFrame {
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  /** The one timestamp of all records, when it is the broker's that sets it. */
  readonly appendTimestamp: number | undefined;
}

/** Most records have none: they share this one. */
const noHeaders: RecordHeaders = Object.freeze({});

/**
 * Reads one record. Key, value and headers are views of the response: a record keeps all of it in memory, and copying
 * would cost more than what that saves.
 * https://kafka.apache.org/documentation/#record
 */
export function readRecord(reader: Reader, frame: BatchFrame): InboundRecord {
  const length = reader.varint();
  const end = reader.at + length;
  reader.skip(1); // attributes, of which there are none yet
  const timestampDelta = reader.varlong();
  const offsetDelta = reader.varint();
  const key = reader.nullableBytes();
  const value = reader.nullableBytes();
  const headerCount = reader.varint();
  const headers = headerCount === 0 ? noHeaders : readHeaders(reader, headerCount);
  if (reader.at !== end)
    throw new WireError('corrupt', `A record of ${length} bytes ends ${reader.at - end} behind its end`);
  if (offsetDelta < 0 || offsetDelta > frame.lastOffsetDelta) {
    throw new WireError('corrupt', `A record is ${offsetDelta} behind the first of ${frame.lastOffsetDelta + 1}`);
  }
  return {
    topic: frame.topic,
    partition: frame.partition,
    offset: frame.baseOffset + offsetDelta,
    timestamp: frame.appendTimestamp ?? frame.baseTimestamp + timestampDelta,
    key,
    value,
    headers,
  };
}

type HeaderValue = Buffer | null | (Buffer | null)[];

/** A name that occurs once has its value, one that occurs more often has a list. */
function readHeaders(reader: Reader, count: number): RecordHeaders {
  if (count < 0) throw new WireError('corrupt', `A record has ${count} headers`);
  const headers: Record<string, HeaderValue> = {};
  for (let index = 0; index < count; index += 1) {
    const name = reader.text();
    const value = reader.nullableBytes();
    if (name in headers) addAgain(headers, name, value);
    else headers[name] = value;
  }
  return headers as RecordHeaders;
}

/** A name that came before, or that every object has. An object without a prototype would need no care, and is slower. */
function addAgain(headers: Record<string, HeaderValue>, name: string, value: Buffer | null): void {
  const earlier = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (Array.isArray(earlier)) earlier.push(value);
  else {
    const all = earlier === undefined ? value : [earlier, value];
    Object.defineProperty(headers, name, { value: all, enumerable: true, configurable: true, writable: true });
  }
}
