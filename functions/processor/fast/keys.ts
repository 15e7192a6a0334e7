import { Buffer } from 'node:buffer';
import { bytes, char, nowhere, words } from './input.ts';

/**
 * The names of fields. Each is looked for where it is expected: four overlapping reads of four bytes compare a name of
 * 4 to 16 bytes, with its quotes and its colon.
 */
const names = [
  ...['symbol', 'expiry', 'timestamp', 'lot_size', 'vix', 'spot', 'change', 'change_pct', 'futures', 'options'],
  ...['option_type', 'ltp', 'bid', 'ask', 'volume', 'oi', 'iv', 'prev_close', 'prev_oi'],
] as const;

/** The number of a field's name. */
export const field = Object.fromEntries(names.map((name, number) => [name, number])) as Readonly<
  Record<(typeof names)[number], number>
>;

const texts = names.map((name) => Buffer.from(`"${name}":`));
const lengths = Uint8Array.from(texts, (text) => text.length);
const places = Uint8Array.from(texts.flatMap((text) => [4, 8, 12].map((place) => Math.min(place, text.length - 4))));
const parts = Int32Array.from(
  texts.flatMap((text) => [0, 4, 8, 12].map((place) => text.readInt32LE(Math.min(place, text.length - 4)))),
);

/**
 * Where the value of a field begins, when that field is the next one: its comma is at `at`; nowhere when it is another.
 *
 * @param gap 1 when a space follows each comma and colon, as Python writes JSON; 0 when none does.
 */
export function valueAt(field: number, at: number, gap: number): number {
  const start = at + 1 + gap;
  const place = 3 * field;
  const part = 4 * field;
  if (
    bytes[at] !== char.comma ||
    words.getInt32(start, true) !== parts[part] ||
    words.getInt32(start + (places[place] ?? 0), true) !== parts[part + 1] ||
    words.getInt32(start + (places[place + 1] ?? 0), true) !== parts[part + 2] ||
    words.getInt32(start + (places[place + 2] ?? 0), true) !== parts[part + 3]
  ) {
    return nowhere;
  }
  const end = start + (lengths[field] ?? 0);
  if (gap === 0) return end;
  return bytes[at + 1] === char.space && bytes[end] === char.space ? end + 1 : nowhere;
}
