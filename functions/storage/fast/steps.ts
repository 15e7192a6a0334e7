import { Buffer } from 'node:buffer';
import { bytes, nowhere, words } from './input.ts';
import { last, readNumber } from './number.ts';

/** Texts that are looked for, each by its number. */
const literals: Buffer[] = [];
/** Of texts of 4 to 16 bytes: four reads of four bytes that overlap compare them whole. */
const places: number[] = [];
const parts: number[] = [];
const lengths: number[] = [];

/** Makes a text known that is to be looked for. */
export function literal(text: string): number {
  const expected = Buffer.from(text);
  if (expected.length < 4) throw new RangeError(`'${text}' is too short to be compared by words`);
  for (const place of [0, 4, 8, 12]) {
    const at = Math.min(place, expected.length - 4, 12);
    places.push(at);
    parts.push(expected.readInt32LE(at));
  }
  lengths.push(expected.length);
  return literals.push(expected) - 1;
}

/** The offset behind the text, when it stands there. */
export function behind(number: number, at: number): number {
  const first = 4 * number;
  const length = lengths[number] ?? 0;
  if (
    words.getInt32(at, true) !== parts[first] ||
    words.getInt32(at + (places[first + 1] ?? 0), true) !== parts[first + 1] ||
    words.getInt32(at + (places[first + 2] ?? 0), true) !== parts[first + 2] ||
    words.getInt32(at + (places[first + 3] ?? 0), true) !== parts[first + 3]
  ) {
    return nowhere;
  }
  return length <= 16 || hasRest(number, at) ? at + length : nowhere;
}

function hasRest(number: number, at: number): boolean {
  const text = literals[number];
  for (let index = 16; text !== undefined && index < text.length; index += 1) {
    if (text[index] !== bytes[at + index]) return false;
  }
  return true;
}

/** A field: its name with what stands before it, and its value: a number or null, or one of a few words. */
export interface Step {
  readonly name: number;
  /** Each word as it stands in the message, with the bytes of its column. None: the value is a number. */
  readonly words: readonly { readonly text: number; readonly column: Buffer }[];
}

/** Steps for numbers of these names. */
export function numbers(names: readonly string[]): Step[] {
  return names.map((name) => ({ name: literal(`,"${name}":`), words: [] }));
}

/** Where the steps stopped in the output. */
export const written = { at: 0 };

/** Reads fields one after the other, and writes their columns. Returns the offset behind the last; nowhere if one is wrong. */
export function readSteps(steps: readonly Step[], start: number, out: DataView, outAt: number): number {
  let at = start;
  let to = outAt;
  for (let index = 0; index < steps.length; index += 1) {
    const step = steps[index] as Step; // below the length
    at = behind(step.name, at);
    if (at === nowhere) return nowhere;
    if (step.words.length === 0) {
      at = readNumber(at);
      if (at === nowhere) return nowhere;
      const value = last[0] as number;
      if (!Number.isNaN(value)) {
        out.setInt32(to, 8);
        out.setFloat64(to + 4, value);
        to += 12;
      } else {
        out.setInt32(to, -1);
        to += 4;
      }
    } else {
      const found = wordAt(step, at);
      if (found === undefined) return nowhere;
      at = behind(found.text, at);
      const { column } = found;
      for (let byte = 0; byte < column.length; byte += 1) out.setUint8(to + byte, column[byte] as number);
      to += column.length;
    }
  }
  written.at = to;
  return at;
}

function wordAt({ words: known }: Step, at: number): Step['words'][number] | undefined {
  for (let index = 0; index < known.length; index += 1) {
    const word = known[index];
    if (word !== undefined && behind(word.text, at) !== nowhere) return word;
  }
  return undefined;
}
