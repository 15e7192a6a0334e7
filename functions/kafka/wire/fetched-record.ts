import type { InboundRecord, RecordHeaders, WireHeaders } from '../../runtime/contract.ts';
import { headersOf, isOdd } from '../../runtime/wire-headers.ts';
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

/** Above so many, `headers` is made only when a handler looks at it. */
const mostHeaders = 64;

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
  const { headers, wire } = headerCount === 0 ? bare : readHeaders(reader, headerCount);
  if (reader.at !== end)
    throw new WireError('corrupt', `A record of ${length} bytes ends ${reader.at - end} behind its end`);
  if (offsetDelta < 0 || offsetDelta > frame.lastOffsetDelta) {
    throw new WireError('corrupt', `A record is ${offsetDelta} behind the first of ${frame.lastOffsetDelta + 1}`);
  }
  const record = {
    topic: frame.topic,
    partition: frame.partition,
    offset: frame.baseOffset + offsetDelta,
    timestamp: frame.appendTimestamp ?? frame.baseTimestamp + timestampDelta,
    key,
    value,
    headers,
    wireHeaders: wire,
  };
  if (headerCount > mostHeaders && wire !== undefined) makeWhenAsked(record, wire);
  return record;
}

/** Moves over a record that is from before what is wanted. Returns false, and stays, when it is not. */
export function skipRecord(reader: Reader, { baseOffset }: BatchFrame, wantedOffset: number): boolean {
  const start = reader.at;
  const length = reader.varint();
  const end = reader.at + length;
  reader.skip(1);
  reader.varlong();
  const isBefore = baseOffset + reader.varint() < wantedOffset && end >= reader.at && end <= reader.end;
  reader.at = isBefore ? end : start;
  return isBefore;
}

type HeaderValue = Buffer | null | (Buffer | null)[];

interface ReadHeaders {
  readonly headers: RecordHeaders;
  readonly wire: WireHeaders | undefined;
}

const bare: ReadHeaders = { headers: noHeaders, wire: undefined };

/** A name that occurs once has its value, one that occurs more often has a list. */
function readHeaders(reader: Reader, count: number): ReadHeaders {
  if (count < 0) throw new WireError('corrupt', `A record has ${count} headers`);
  const start = reader.at;
  if (count > mostHeaders) return { headers: noHeaders, wire: passOver(reader, count) };
  reader.headers += count;
  const headers: Record<string, HeaderValue> = {};
  let odd = false;
  for (let index = 0; index < count; index += 1) {
    const name = reader.text();
    odd ||= isOdd(name);
    const value = reader.nullableBytes();
    if (name in headers) {
      odd = true;
      addAgain(headers, name, value);
    } else headers[name] = value;
  }
  const wire = odd ? { count, bytes: reader.bytes.subarray(start, reader.at) } : undefined;
  return { headers: headers as RecordHeaders, wire };
}

/** So many would take 100 times their bytes as objects: it is only seen that they are whole. */
function passOver(reader: Reader, count: number): WireHeaders {
  const start = reader.at;
  for (let index = 0; index < count; index += 1) {
    reader.skip(reader.varint());
    const length = reader.varint();
    if (length !== -1) reader.skip(length);
  }
  return { count, bytes: reader.bytes.subarray(start, reader.at) };
}

function makeWhenAsked(record: object, wire: WireHeaders): void {
  let made: RecordHeaders | undefined;
  const get = (): RecordHeaders => {
    made ??= headersOf(wire);
    return made;
  };
  Object.defineProperty(record, 'headers', { get, enumerable: true, configurable: true });
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
