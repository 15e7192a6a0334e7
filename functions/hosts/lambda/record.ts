import type { InboundRecord, RecordHeaders, WireHeaders } from '../../runtime/contract.ts';
import { addHeader, encodeHeaders, isOdd } from '../../runtime/wire-headers.ts';
import { BadEventError } from './bad-event.ts';

/** A record of the event, as the service documents it. Nothing of it is certain until it was read. */
interface EventRecord {
  readonly topic?: unknown;
  readonly partition?: unknown;
  readonly offset?: unknown;
  readonly timestamp?: unknown;
  readonly key?: unknown;
  readonly value?: unknown;
  readonly headers?: unknown;
}

/**
 * One record of an event: base64 becomes bytes, an absent key or value `null`.
 * @param path where in the event it stands, for the error
 * @throws BadEventError
 */
export function readRecord(value: unknown, path: string): InboundRecord {
  if (typeof value !== 'object' || value === null) throw new BadEventError(`A record was expected at ${path}.`);
  const record = value as EventRecord;
  if (typeof record.topic !== 'string') throw unfit(path, 'topic', 'a string', record.topic);
  return {
    topic: record.topic,
    partition: whole(record.partition, path, 'partition'),
    offset: whole(record.offset, path, 'offset'),
    timestamp: timestampOf(record.timestamp, path),
    key: bytes(record.key, path, 'key'),
    value: bytes(record.value, path, 'value'),
    ...readHeaders(record.headers, path),
  };
}

function whole(value: unknown, path: string, field: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw unfit(path, field, 'a whole number', value);
}

/** Milliseconds, -1 where the producer gave none. */
function timestampOf(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw unfit(path, 'timestamp', 'milliseconds since the epoch', value);
}

function bytes(value: unknown, path: string, field: string): Buffer | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'string') throw unfit(path, field, 'base64 or null', value);
  const decoded = Buffer.from(value, 'base64');
  // Node passes over what is not base64: the result is then shorter than the text says. But of a character beyond Latin-1
  // it takes the low byte, which may be a letter of base64.
  const isWhole = value.length % 4 === 0 && decoded.length === Buffer.byteLength(value, 'base64');
  if (!isWhole || Buffer.byteLength(value) !== value.length) {
    throw new BadEventError(
      `Base64 was expected in ${field} of ${path}, but it holds other characters, or is cut short.`,
    );
  }
  return decoded;
}

interface ReadHeaders {
  readonly headers: RecordHeaders;
  readonly wireHeaders?: WireHeaders;
}

const noHeaders: ReadHeaders = Object.freeze({ headers: Object.freeze({}) });

/** A list of objects with one name each. The bytes are signed, as Java's are. A name may come more than once. */
function readHeaders(value: unknown, path: string): ReadHeaders {
  if (value === null || value === undefined) return noHeaders;
  if (!Array.isArray(value)) throw unfit(path, 'headers', 'a list', value);
  if (value.length === 0) return noHeaders;
  const list: [name: string, value: Buffer | null][] = [];
  for (const [index, header] of value.entries()) {
    if (typeof header !== 'object' || header === null) throw unfit(path, `headers[${index}]`, 'an object', header);
    for (const name of Object.keys(header)) {
      list.push([name, headerBytes(Reflect.get(header, name), `${path}.headers[${index}]`)]);
    }
  }
  const headers: Record<string, Buffer | null | (Buffer | null)[]> = Object.create(null);
  for (const [name, bytesOf] of list) addHeader(headers, name, bytesOf);
  const keepsAll = !list.some(([name]) => isOdd(name)) && Object.keys(headers).length === list.length;
  return keepsAll ? { headers } : { headers, wireHeaders: encodeHeaders(list) };
}

function headerBytes(value: unknown, path: string): Buffer | null {
  if (Array.isArray(value)) {
    const valid = value.every((byte) => Number.isInteger(byte) && byte >= -128 && byte <= 255);
    if (valid) return Buffer.from(value); // a negative byte becomes its unsigned one
  } else if (value === null || (typeof value === 'object' && Object.keys(value).length === 0)) {
    return null; // the service makes an empty object of a null
  }
  throw new BadEventError(`A list of bytes was expected in ${path}.`);
}

function unfit(path: string, field: string, expected: string, value: unknown): BadEventError {
  const type = typeof value === 'number' ? `${value}` : `a value of type ${typeof value}`;
  const came = value === null ? 'null' : value === undefined ? 'nothing' : type;
  return new BadEventError(`In ${field} of ${path} ${expected} was expected, but ${came} came.`);
}
