import { BadInputError } from '../runtime/errors.ts';

/** A JSON object whose fields are not checked yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Where a field is: the path of its object, or the index of its option. The path itself is put together only for an
 * error, not for each of thousands of good fields.
 */
export type Owner = string | number;

/** The error of a field that is not what the contract says, with its path and what came instead. */
export function violation(owner: Owner, name: string, expected: string, came: unknown): BadInputError {
  const parent = typeof owner === 'number' ? `options[${owner}]` : owner;
  const path = parent === '' ? name : name === '' ? parent : `${parent}.${name}`;
  return new BadInputError('CONTRACT_VIOLATED', `${path}: expected ${expected}, got ${show(came)}`);
}

/** An object, not an array and not null. */
export function requireObject(value: unknown, owner: Owner, name: string): JsonObject {
  if (!isObject(value)) throw violation(owner, name, 'an object', value);
  return value;
}

/** A finite number above 0. */
export function requirePositive(value: unknown, owner: Owner, name: string): number {
  if (typeof value !== 'number' || !(value > 0 && value < Infinity)) {
    throw violation(owner, name, 'a number above 0', value);
  }
  return value;
}

/** A finite number of any sign; `null` when absent or null. */
export function optionalNumber(value: unknown, owner: Owner, name: string): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw violation(owner, name, 'a number or null', value);
  return value;
}

/** A finite number of at least 0, as prices, volumes and open interest are; `null` when absent or null. */
export function optionalAmount(value: unknown, owner: Owner, name: string): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !(value >= 0 && value < Infinity)) {
    throw violation(owner, name, 'a number of 0 or above, or null', value);
  }
  return value;
}

/** Text of at most `maxLength` characters (Unicode code points), not empty. */
export function requireText(value: unknown, owner: Owner, name: string, maxLength: number): string {
  // A code point is one or two units: the units rule out a long text before its characters are counted.
  const isText =
    typeof value === 'string' &&
    value !== '' &&
    value.length <= 2 * maxLength &&
    value.isWellFormed() &&
    (value.length <= maxLength || [...value].length <= maxLength);
  if (!isText) throw violation(owner, name, `text of 1 to ${maxLength} characters`, value);
  return value;
}

const shownLength = 40;
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** A value as an error message shows it: on one line, cut short, nothing in it that a terminal would obey. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'string') {
    return `${escapeControls(JSON.stringify(value.slice(0, shownLength)))}${value.length > shownLength ? '...' : ''}`;
  }
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

/** Text with its control, format and line-separating characters written as `\u` escapes. */
export function escapeControls(text: string): string {
  return text.replace(unprintable, (character) => {
    let escaped = '';
    for (let unit = 0; unit < character.length; unit += 1) {
      escaped += `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
    }
    return escaped;
  });
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
