import type { InboundRecord, RecordHeaders, WireHeaders } from './contract.ts';

/**
 * Headers as Kafka writes them: a name and a value each, both with their length in front as a zigzag varint, -1 for a
 * null. An object cannot say all of that: names need not be UTF-8, may repeat with others in between, and an object puts
 * those that are numbers first. And a record of 1 MB may have half a million, which as objects take 100 times that.
 * https://kafka.apache.org/documentation/#recordheader
 */

type HeaderValue = Buffer | null;
type Visit = (name: Place, value: Place | null, start: number, end: number) => void;

/** Where bytes stand. */
interface Place {
  readonly start: number;
  readonly end: number;
}

/** Goes over headers that were read once, and so are known to be whole. */
function visitAll({ bytes, count }: WireHeaders, visit: Visit): void {
  let at = 0;

  function place(): Place | null {
    let value = 0;
    let byte = 0x80;
    for (let shift = 0; byte >= 0x80 && shift < 35; shift += 7) {
      byte = bytes[at] ?? 0;
      value |= (byte & 0x7f) << shift;
      at += 1;
    }
    const length = (value >>> 1) ^ -(value & 1);
    if (length < 0) return null;
    at += length;
    return { start: at - length, end: at };
  }

  for (let index = 0; index < count; index += 1) {
    const start = at;
    const name = place() ?? { start: at, end: at };
    visit(name, place(), start, at);
  }
}

/** The headers as an object: a name that occurs once has its value, one that occurs more often has a list. */
export function headersOf(wire: WireHeaders): RecordHeaders {
  const { bytes } = wire;
  const headers: Record<string, HeaderValue | HeaderValue[]> = Object.create(null);
  visitAll(wire, (place, value) => {
    const name = bytes.toString('utf8', place.start, place.end);
    addHeader(headers, name, value && bytes.subarray(value.start, value.end));
  });
  return headers;
}

/** Adds one to an object without a prototype. */
export function addHeader(
  headers: Record<string, HeaderValue | HeaderValue[]>,
  name: string,
  value: HeaderValue,
): void {
  const earlier = headers[name];
  if (earlier === undefined) headers[name] = value;
  else if (Array.isArray(earlier)) earlier.push(value);
  else headers[name] = [earlier, value];
}

/** What a record has of one header, without reading the others. */
export function headerOf({ headers, wireHeaders }: InboundRecord, name: string): RecordHeaders[string] {
  if (wireHeaders === undefined) return headers[name];
  const wanted = Buffer.from(name);
  const { bytes } = wireHeaders;
  const found: HeaderValue[] = [];
  visitAll(wireHeaders, (place, value) => {
    if (isAt(bytes, place, wanted)) found.push(value && bytes.subarray(value.start, value.end));
  });
  return found.length > 1 ? found : found[0];
}

/** All but those of these names, in their order. */
export function without(wire: WireHeaders, names: readonly string[]): WireHeaders {
  const unwanted = names.map((name) => Buffer.from(name));
  const kept: Place[] = [];
  let count = 0;
  visitAll(wire, (name, _value, start, end) => {
    if (unwanted.some((one) => isAt(wire.bytes, name, one))) return;
    count += 1;
    const last = kept.at(-1);
    if (last?.end === start) kept[kept.length - 1] = { start: last.start, end };
    else kept.push({ start, end });
  });
  if (count === wire.count) return wire;
  return { count, bytes: Buffer.concat(kept.map(({ start, end }) => wire.bytes.subarray(start, end))) };
}

function isAt(bytes: Buffer, { start, end }: Place, wanted: Buffer): boolean {
  return end - start === wanted.length && bytes.compare(wanted, 0, wanted.length, start, end) === 0;
}

/** Headers as they would stand on the wire. */
export function encodeHeaders(list: readonly (readonly [name: string, value: HeaderValue])[]): WireHeaders {
  const parts: Buffer[] = [];
  for (const [name, value] of list) {
    const text = Buffer.from(name);
    parts.push(varint(text.length), text);
    if (value === null) parts.push(varint(-1));
    else parts.push(varint(value.length), value);
  }
  return { count: list.length, bytes: Buffer.concat(parts) };
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value < 0 ? -value * 2 - 1 : value * 2;
  while (rest > 127) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

/** Whether an object loses something of a header of this name: it would put it elsewhere, or change its bytes. */
export function isOdd(name: string): boolean {
  const first = name.charCodeAt(0);
  return (first >= 0x30 && first <= 0x39) || name.includes('\ufffd');
}
