import type { InboundRecord } from './contract.ts';
import type { DeadLetterCode } from './errors.ts';
import { headerOf } from './wire-headers.ts';

/**
 * A parked key: a record of it is dead, and those behind it wait in the dead-letter topic until they are redriven. All
 * decisions about one are here, and pure. Offsets count records by where they stood first: a redriven record stands for
 * the one that died.
 */
export interface ParkedKey {
  /** All records of the key up to this offset are handled. */
  readonly handled: number;
  /** The last one that waits. */
  readonly last: number;
  /** All of them are handled: what follows `last` goes on. Kept, for what may be delivered again from before. */
  readonly released: boolean;
  /** The record that died: where it lay, and why. It is not tried again when it is delivered again. */
  readonly poison: { readonly at: number; readonly code: DeadLetterCode; readonly message: string };
}

/** A release that was asked for: it holds unless the key waits for anything behind `last` by then. */
export interface ReleaseRequest {
  readonly last: number;
}

/** Which record of its key one is. */
export interface Turn {
  /** Where it lies. */
  readonly at: number;
  /** Where it stood first. */
  readonly offset: number;
  /** Of a redriven record: the one of its key that must be handled before it; -1 for none. */
  readonly after: number | undefined;
}

/** `<function>/<offset>/<after>`: written by `npm run dead-letters -- redrive`. All groups get the record, one means it. */
export const orderHeader = 'redrive.order';

/** The topic of a function's parked keys. */
export const parkedTopicOf = (deadLetters: string): string => `${deadLetters}.parked`;

/** The turn that a header gives a record of a function, at an offset. One of another function says nothing here. */
export function turnIn(header: unknown, at: number, functionName: string): Turn {
  const text = Buffer.isBuffer(header) ? header.toString() : '';
  const order = text.startsWith(`${functionName}/`) ? text.slice(functionName.length + 1) : '';
  const [, offset, after] = /^(\d{1,15})\/(-1|\d{1,15})$/.exec(order) ?? [];
  // Anybody can write a header: what cannot be true says nothing.
  if (Number(after) < Number(offset) && Number(offset) < at)
    return { at, offset: Number(offset), after: Number(after) };
  return { at, offset: at, after: undefined };
}

export function turnOf(record: InboundRecord, functionName: string): Turn {
  return turnIn(headerOf(record, orderHeader), record.offset, functionName);
}

/** Whether a record has to wait in the dead-letter topic. */
export function mustWait(key: ParkedKey, { at, offset, after }: Turn): boolean {
  if (at === key.poison.at) return true;
  // What stands before the record that died may be delivered again: it is handled again, as anywhere.
  if (after === undefined) return key.released ? offset <= key.last : offset > key.handled;
  return !key.released && (after > key.handled || offset > key.last);
}

/** The key behind a record that waits. */
export function afterWaiting(key: ParkedKey, { offset }: Turn): ParkedKey {
  return offset > key.last ? { ...key, last: offset } : key;
}

/** The key behind a record that died: parked from there on. */
export function afterPoison(
  key: ParkedKey | undefined,
  { at, offset }: Turn,
  code: DeadLetterCode,
  message: string,
): ParkedKey {
  return {
    handled: Math.min(offset - 1, key === undefined || key.released ? offset : key.handled),
    last: Math.max(offset, key?.last ?? offset),
    released: false,
    poison: { at, code, message },
  };
}

/** The key behind a record that was handled. */
export function afterHandled(key: ParkedKey, { offset }: Turn): ParkedKey {
  if (key.released || offset <= key.handled) return key;
  return { ...key, handled: offset, released: offset >= key.last };
}

/** The key once somebody has asked for its release. */
export function afterRequest(key: ParkedKey, request: ReleaseRequest | undefined): ParkedKey {
  if (key.released || request === undefined || request.last < key.last) return key;
  return { ...key, released: true };
}

/**
 * What is true of a key of which two owners wrote. One may have been frozen, and have written late what it knew before:
 * so whatever lets fewer records through.
 */
export function merged(one: ParkedKey | undefined, other: ParkedKey): ParkedKey {
  if (one === undefined) return other;
  const { poison } = other.poison.at > one.poison.at ? other : one;
  return {
    handled: Math.min(one.handled, other.handled),
    last: Math.max(one.last, other.last),
    released: one.released && other.released,
    poison,
  };
}
