import type { OutboundRecord } from '../../runtime/publisher.ts';

/**
 * One record of a batch, measured and then written into the request's buffer.
 * https://kafka.apache.org/documentation/#record
 */

type HeaderValue = OutboundRecord['headers'][string];

/** Bytes of a record without the length in front of it. */
export function recordBytes(record: OutboundRecord, offsetDelta: number): number {
  // Attributes and the timestamp delta (0) take a byte each.
  let bytes = 2 + varintBytes(offsetDelta) + sizedBytes(record.key) + sizedBytes(record.value);
  const { wireHeaders } = record;
  let count = 0;
  if (wireHeaders !== undefined) {
    bytes += wireHeaders.bytes.length;
    count += wireHeaders.count;
  }
  for (const name in record.headers) {
    const value = record.headers[name] as HeaderValue;
    const nameBytes = sizedBytes(name);
    if (Array.isArray(value)) {
      for (const one of value) bytes += nameBytes + sizedBytes(one);
      count += value.length;
    } else {
      bytes += nameBytes + sizedBytes(value as Buffer | string);
      count += 1;
    }
  }
  return bytes + varintBytes(count);
}

/** Writes a record of that many bytes, and returns the offset behind it. */
export function writeRecord(
  out: Buffer,
  start: number,
  record: OutboundRecord,
  offsetDelta: number,
  size: number,
): number {
  let at = writeVarint(out, start, size);
  out[at] = 0;
  out[at + 1] = 0;
  at = writeVarint(out, at + 2, offsetDelta);
  at = writeSized(out, at, record.key);
  at = writeSized(out, at, record.value);
  const { wireHeaders } = record;
  let count = wireHeaders?.count ?? 0;
  for (const name in record.headers) {
    const value = record.headers[name] as HeaderValue;
    count += Array.isArray(value) ? value.length : 1;
  }
  at = writeVarint(out, at, count);
  if (wireHeaders !== undefined) {
    out.set(wireHeaders.bytes, at);
    at += wireHeaders.bytes.length;
  }
  for (const name in record.headers) {
    const value = record.headers[name] as HeaderValue;
    if (Array.isArray(value)) {
      for (const one of value) at = writeSized(out, writeSized(out, at, name), one);
    } else {
      at = writeSized(out, writeSized(out, at, name), value as Buffer | string);
    }
  }
  return at;
}

/** Text as short as the names and values of headers is measured and written here: calling Node would take longer. */
const shortLength = 40;

function isShortAscii(text: string): boolean {
  if (text.length > shortLength) return false;
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}

function lengthOf(value: Buffer | string): number {
  return typeof value !== 'string' || isShortAscii(value) ? value.length : Buffer.byteLength(value);
}

function writeText(out: Buffer, at: number, text: string, length: number): number {
  if (length > shortLength || length !== text.length) return at + out.write(text, at, 'utf8');
  for (let index = 0; index < length; index += 1) out[at + index] = text.charCodeAt(index);
  return at + length;
}

/** Bytes of a value with its length in front; a null has length -1. */
function sizedBytes(value: Buffer | string | null): number {
  if (value === null) return 1;
  const length = lengthOf(value);
  return varintBytes(length) + length;
}

function writeSized(out: Buffer, at: number, value: Buffer | string | null): number {
  if (value === null) {
    out[at] = 1; // -1, zigzag
    return at + 1;
  }
  if (typeof value === 'string') {
    const length = lengthOf(value);
    return writeText(out, writeVarint(out, at, length), value, length);
  }
  const body = writeVarint(out, at, value.length);
  out.set(value, body);
  return body + value.length;
}

/** Lengths and deltas are 0 or above here, so zigzag is doubling. */
export function varintBytes(value: number): number {
  if (value < 64) return 1;
  if (value < 8_192) return 2;
  if (value < 1_048_576) return 3;
  return value < 134_217_728 ? 4 : 5;
}

function writeVarint(out: Buffer, start: number, value: number): number {
  let rest = value * 2;
  let at = start;
  while (rest > 127) {
    out[at] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 128);
    at += 1;
  }
  out[at] = rest;
  return at + 1;
}
