import type { InboundRecord } from './contract.ts';
import type { DeadLetterCode } from './errors.ts';
import type { OutboundHeader, OutboundRecord } from './publisher.ts';
import { without } from './wire-headers.ts';

const maxMessageBytes = 1_024;

/** Why a record is dead: what its `error.*` headers say. */
export interface DeathCause {
  readonly code: DeadLetterCode;
  readonly message: string;
  readonly functionName: string;
  readonly attempts: number;
}

/** One line of printable text, at most 1 KB of UTF-8: safe for a log, a terminal and a header. */
export function oneLine(message: string): string {
  const line = message
    .slice(0, maxMessageBytes * 2)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]+/gu, ' ');
  const bytes = Buffer.from(line);
  if (bytes.length <= maxMessageBytes) return line.trim();
  let end = maxMessageBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1; // not in the middle of a character
  return bytes.toString('utf8', 0, end).trim();
}

/** The dead letter of a record: its key, value and headers untouched, and why. The same in every host. */
export function deadLetterOf(record: InboundRecord, cause: DeathCause): OutboundRecord {
  const why = causeHeaders(record, cause);
  const { key, value, wireHeaders } = record;
  if (wireHeaders !== undefined) {
    return { key, value, headers: why, wireHeaders: without(wireHeaders, Object.keys(why)) };
  }
  const headers: Record<string, OutboundHeader> = Object.create(null);
  for (const name of Object.keys(record.headers)) {
    const header = record.headers[name];
    if (header !== undefined) headers[name] = header;
  }
  return { key, value, headers: Object.assign(headers, why) };
}

function causeHeaders(
  { topic, partition, offset, timestamp }: InboundRecord,
  cause: DeathCause,
): Record<string, string> {
  return {
    'error.code': cause.code,
    'error.message': oneLine(cause.message),
    'error.function': cause.functionName,
    'error.attempts': String(cause.attempts),
    'error.topic': topic,
    'error.partition': String(partition),
    'error.offset': String(offset),
    'error.timestamp': String(timestamp),
  };
}
