import type { Buffer } from 'node:buffer';

/**
 * The message that is being read, in memory that stays where it is: views of it are made once, and the compiler knows
 * their addresses. Handlers are synchronous, so one is enough. Pages that no message reached are never touched.
 */

/** No message on the topic is longer; a longer one is left to the plain path. */
const mostBytes = 1 << 20;
/** Where messages begin. */
export const origin = 8;
/**
 * The offset that readers return when they do not find what they look for. Zeros stand there, and behind the message,
 * and no text that is looked for contains one: whatever is read from nowhere is not found either.
 */
export const nowhere = 0;

const memory = new ArrayBuffer(origin + mostBytes + 64);
export const bytes = new Uint8Array(memory);
/** For several bytes at once, at any offset; always little-endian. */
export const words = new DataView(memory);

/** Takes a message in and returns its end; `nowhere` when it is too long. */
export function load(value: Buffer): number {
  if (value.length > mostBytes) return nowhere;
  bytes.set(value, origin);
  const end = origin + value.length;
  words.setFloat64(end, 0, true);
  return end;
}

export const char = {
  space: 0x20,
  quote: 0x22,
  plus: 0x2b,
  comma: 0x2c,
  minus: 0x2d,
  point: 0x2e,
  zero: 0x30,
  colon: 0x3a,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  tilde: 0x7e,
  closeBrace: 0x7d,
} as const;
