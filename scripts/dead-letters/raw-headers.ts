import { Reader } from '../../functions/kafka/wire/reader.ts';
import { orderHeader } from '../../functions/runtime/parking.ts';
import { varint } from '../support/kafka/raw-records.ts';

/**
 * The body of a record as it lies in a batch: key, value and headers. What is not named here keeps its bytes: keys and
 * values that are null, headers that come twice, in an odd order, or with names that are no UTF-8.
 * https://kafka.apache.org/documentation/#record
 */
export interface RawBody {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In their order. */
  readonly headers: readonly RawHeader[];
}

export interface RawHeader {
  /** Its bytes, one character each: a name need not be UTF-8. */
  readonly name: string;
  readonly value: Buffer | null;
  /** Name and value with their lengths, as they are. */
  readonly bytes: Buffer;
}

interface Parts extends RawBody {
  /** Key and value with their lengths, as they are. */
  readonly content: Buffer;
}

/**
 * Takes a body apart. The parts are views of it.
 * @throws WireError when its bytes are no body
 */
export function readBody(body: Buffer): RawBody {
  return partsOf(body);
}

function partsOf(body: Buffer): Parts {
  const reader = new Reader(body);
  const key = reader.nullableBytes();
  const value = reader.nullableBytes();
  const content = body.subarray(0, reader.at);
  const headers: RawHeader[] = [];
  for (let left = reader.varint(); left > 0; left -= 1) {
    const start = reader.at;
    const name = reader.nullableBytes()?.toString('latin1') ?? '';
    const held = reader.nullableBytes();
    headers.push({ name, value: held, bytes: body.subarray(start, reader.at) });
  }
  return { key, value, content, headers };
}

/** How often it was redriven says a header of the record's own: a dead letter keeps it. */
export const countHeader = 'redrive.count';

/** The headers of the envelope: what a dead letter has more than its record. */
export const envelopeHeaders: ReadonlySet<string> = new Set(
  ['code', 'message', 'function', 'attempts', 'topic', 'partition', 'offset', 'timestamp'].map((one) => `error.${one}`),
);

/** How often a record was redriven; what cannot be read counts as once. */
export function redriveCount(headers: readonly RawHeader[]): number {
  const found = headers.find(({ name }) => name === countHeader);
  if (found === undefined) return 0;
  const text = found.value?.toString('latin1') ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) : 1;
}

/**
 * The body of the record that died: the envelope's headers are gone, the count of redrives is one more (where it was, or
 * else behind all others), and every other byte is as it was. `order` is the turn of one whose key may be parked.
 */
export function redrivenBody(body: Buffer, order?: string): Buffer {
  const { content, headers } = partsOf(body);
  const counted = countBytes(redriveCount(headers) + 1);
  const kept: Buffer[] = [];
  let placed = false;
  for (const { name, bytes } of headers) {
    if (envelopeHeaders.has(name) || (order !== undefined && name === orderHeader)) continue;
    if (name !== countHeader) kept.push(bytes);
    else if (!placed) {
      kept.push(counted);
      placed = true;
    }
  }
  if (!placed) kept.push(counted);
  if (order !== undefined) kept.push(headerBytes(orderHeader, order));
  return Buffer.concat([content, varint(kept.length), ...kept]);
}

function countBytes(count: number): Buffer {
  return headerBytes(countHeader, String(count));
}

function headerBytes(name: string, value: string): Buffer {
  return Buffer.concat([sized(Buffer.from(name)), sized(Buffer.from(value))]);
}

/** A body of this key and value, with no headers. */
export function plainBody(key: Buffer, value: Buffer | null): Buffer {
  return Buffer.concat([sized(key), value === null ? varint(-1) : sized(value), varint(0)]);
}

function sized(bytes: Buffer): Buffer {
  return Buffer.concat([varint(bytes.length), bytes]);
}
