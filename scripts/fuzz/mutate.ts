import type { Random } from '../feed/random.ts';
import { mutateFields } from './mutate-fields.ts';

/** Texts that mean something to a reader of messages. */
const tokens = [
  ...['"', '\\', '\\u0041', '{', '}', '[', ']', ',', ':', ' ', '\n', '\t', '-', '+', '.', 'e', 'E', '0', '\u0000', 'é'],
  ...['null', 'true', '"CE"', '"PE"', '[]', '{}', ', ', ': ', '"iv":', '"oi":', '"ltp":', '"__proto__":1,', '﻿'],
] as const;

function pick<Item>(items: readonly Item[], random: Random): Item {
  return items[random.bits() % items.length] as Item;
}

/** A number as a hostile feed would write it; some are no numbers of JSON at all. */
export function hostileNumber(random: Random): string {
  const digits = (count: number): string =>
    Array.from({ length: count }, () => String(random.bits() % (random.bits() % 4 === 0 ? 2 : 10))).join('');
  const whole = random.bits() % 3 === 0 ? '0' : digits(1 + (random.bits() % (random.bits() % 8 === 0 ? 18 : 6)));
  const fraction = random.bits() % 2 === 0 ? '' : `.${digits(random.bits() % (random.bits() % 8 === 0 ? 20 : 5))}`;
  const sign = random.bits() % 12 === 0 ? '-' : '';
  const exponent =
    random.bits() % 24 === 0 ? `e${random.bits() % 2 === 0 ? '-' : ''}${digits(1 + (random.bits() % 3))}` : '';
  const tie = random.bits() % 6 === 0 && fraction.length > 1 ? '5' : '';
  return `${sign}${whole}${fraction}${tie}${exponent}`;
}

const numberPattern = /-?\d+(?:\.\d+)?(?:e-?\d+)?/g;

/** The first number behind a random place. */
function anyNumber(text: string, random: Random): { readonly index: number; readonly digits: string } | undefined {
  numberPattern.lastIndex = random.bits() % (text.length + 1);
  const found = numberPattern.exec(text);
  return found === null ? undefined : { index: found.index, digits: found[0] };
}

/** Puts another number in the place of one. */
function replaceNumber(text: string, random: Random): string {
  const old = anyNumber(text, random);
  if (old === undefined) return text;
  // One that is somewhere else in the message makes ties, crossings and duplicates.
  const other = random.bits() % 3 === 0 ? anyNumber(text, random)?.digits : undefined;
  return text.slice(0, old.index) + (other ?? hostileNumber(random)) + text.slice(old.index + old.digits.length);
}

/** Another message of the same length but for a few bytes, from anywhere in it. */
function spoilBytes(text: string, other: string, random: Random): string {
  const at = random.bits() % (text.length + 1);
  const length = random.bits() % 8;
  switch (random.bits() % 5) {
    case 0:
      return text.slice(0, at) + pick(tokens, random) + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + length);
    case 2:
      return text.slice(0, at) + pick(tokens, random) + text.slice(at + 1);
    case 3:
      return text.slice(0, at) + String.fromCharCode(random.bits() % 256) + text.slice(at + 1);
    default: {
      const from = random.bits() % (other.length + 1);
      return text.slice(0, at) + other.slice(from, from + 4 * length) + text.slice(at + 4 * length);
    }
  }
}

/** A message made from one that is known, and parts of another. Text stands for bytes, one character each. */
export function mutate(text: string, other: string, random: Random): string {
  let result = text;
  for (let rounds = 1 + (random.bits() % 3); rounds > 0; rounds -= 1) {
    const kind = random.bits() % 12;
    if (kind < 7) result = replaceNumber(result, random);
    else if (kind < 11) result = mutateFields(result, random);
    else result = spoilBytes(result, other, random);
  }
  return result;
}
