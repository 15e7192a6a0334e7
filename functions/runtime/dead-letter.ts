import type { InboundRecord } from './contract.ts';
import type { DeadLetterCode } from './errors.ts';
import type { OutboundHeader, OutboundRecord } from './publisher.ts';

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
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is being removed
  const line = message.slice(0, maxMessageBytes * 2).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
  const bytes = Buffer.from(line);
  if (bytes.length <= maxMessageBytes) return line.trim();
  let end = maxMessageBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1; // not in the middle of a character
  return bytes.toString('utf8', 0, end).trim();
}

/** The dead letter of a record: its key, value and headers untouched, and why. The same in every host. */
export function deadLetterOf(record: InboundRecord, cause: DeathCause): OutboundRecord {
  const headers: Record<string, OutboundHeader> = Object.create(null);
  for (const name of Object.keys(record.headers)) {
    const value = record.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  headers['error.code'] = cause.code;
  headers['error.message'] = oneLine(cause.message);
  headers['error.function'] = cause.functionName;
  headers['error.attempts'] = String(cause.attempts);
  headers['error.topic'] = record.topic;
  headers['error.partition'] = String(record.partition);
  headers['error.offset'] = String(record.offset);
  headers['error.timestamp'] = String(record.timestamp);
  return { key: record.key, value: record.value, headers };
}
