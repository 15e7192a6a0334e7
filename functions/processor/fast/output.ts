import { Buffer } from 'node:buffer';
import { words as input } from './input.ts';

/**
 * The message that is being written, in memory that stays where it is. Texts are written in whole words of eight bytes:
 * what is written too much is overwritten by what follows. Eight bytes of ASCII are a double that is never NaN, so that
 * they pass through a number unchanged.
 */

/** The largest chain's: what surrounds its options, and 2,000 of them with the longest of numbers. */
const memory = new ArrayBuffer(4096 + 2000 * 784);
const buffer = Buffer.from(memory);
export const out = new DataView(memory);

const texts: string[] = [];
const wordsPerText = 4;
const mostTexts = 80;
const words = new Float64Array(wordsPerText * mostTexts);
const lengths = new Uint8Array(wordsPerText * mostTexts);

/** Enters a text of at most 32 characters of ASCII and returns its place in the table. */
export function enter(text: string): number {
  const place = wordsPerText * texts.length;
  texts.push(text);
  const padded = Buffer.from(text.padEnd(8 * wordsPerText));
  for (let word = 0; word < wordsPerText; word += 1) words[place + word] = padded.readDoubleLE(8 * word);
  lengths[place] = text.length;
  return place;
}

/** Writes a text of up to 16 characters; returns the offset behind it, as all that write here do. */
export function putShort(at: number, text: number): number {
  out.setFloat64(at, words[text] ?? 0, true);
  out.setFloat64(at + 8, words[text + 1] ?? 0, true);
  return at + (lengths[text] ?? 0);
}

/** Writes a text of up to 32 characters. */
export function putText(at: number, text: number): number {
  out.setFloat64(at, words[text] ?? 0, true);
  out.setFloat64(at + 8, words[text + 1] ?? 0, true);
  out.setFloat64(at + 16, words[text + 2] ?? 0, true);
  out.setFloat64(at + 24, words[text + 3] ?? 0, true);
  return at + (lengths[text] ?? 0);
}

/** Repeats what stands in the input, from one offset to another. The input is ASCII, and has been read to its end. */
export function putInput(at: number, start: number, end: number): number {
  const shift = at - start;
  for (let from = start; from < end; from += 8) out.setFloat64(from + shift, input.getFloat64(from, true), true);
  return end + shift;
}

/** Writes text of no fixed kind. */
export function putAscii(at: number, text: string): number {
  return at + buffer.write(text, at, 'latin1');
}

/** A copy of all up to an offset. */
export function take(end: number): Buffer {
  const copy = Buffer.allocUnsafe(end);
  buffer.copy(copy, 0, 0, end);
  return copy;
}
