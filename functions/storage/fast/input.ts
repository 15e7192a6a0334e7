import type { Buffer } from 'node:buffer';

/**
 * The message that is being read, in memory that stays where it is: views of it are made once, and the compiler knows
 * their addresses. Batches are decoded without waiting, so one is enough. Behind it stand zeros, which nothing looks for.
 */

/** No message on the topic is longer; a longer one is left to the plain path. */
const mostBytes = 1 << 20;
/** Where messages begin. */
export const origin = 8;
/** The offset that readers return when they do not find what they look for. */
export const nowhere = 0;

const memory = new ArrayBuffer(origin + mostBytes + 64);
export const bytes = new Uint8Array(memory);
/** For several bytes at once, at any offset; always little-endian. */
export const words = new DataView(memory);

/** Takes a message in; false when it is too long. */
export function load(value: Buffer): boolean {
  if (value.length > mostBytes) return false;
  bytes.set(value, origin);
  bytes.fill(0, origin + value.length, origin + value.length + 32);
  return true;
}

const quote = 0x22;
const backslash = 0x5c;

/** Text of printable ASCII without escapes; `at` is behind its first quote. Undefined when it is another. */
export function plainText(at: number, longest: number): string | undefined {
  for (let end = at; end <= at + longest; end += 1) {
    const byte = bytes[end] ?? 0;
    if (byte === quote) return String.fromCharCode(...bytes.subarray(at, end));
    if (byte < 0x20 || byte > 0x7e || byte === backslash) return undefined;
  }
  return undefined;
}
