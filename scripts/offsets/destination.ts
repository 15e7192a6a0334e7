import { existsSync } from 'node:fs';
import { UsageError } from '../support/command.ts';
import { momentOption } from '../support/moment.ts';

/** Where a group is to go. */
export type Destination =
  | { readonly kind: 'latest' }
  | { readonly kind: 'earliest' }
  /** Milliseconds since the epoch. */
  | { readonly kind: 'time'; readonly atMs: number }
  /** So many records on, or back. */
  | { readonly kind: 'shift'; readonly by: number }
  /** `undo`: what was saved before a change. Records may have been deleted since, so offsets are cut to what is held. */
  | { readonly kind: 'file'; readonly path: string; readonly undo?: true };

const accepted = 'latest, earliest, a time such as 2026-11-23T09:15+05:30, +100, -100 or a file of offsets';

/**
 * Reads what `--to` says.
 * @throws UsageError which says what is accepted
 */
export function parseDestination(text: string): Destination {
  if (text === 'latest' || text === 'earliest') return { kind: text };
  if (/^[+-]\d+$/.test(text)) return { kind: 'shift', by: shiftBy(text) };
  if (text.startsWith('file:')) return file(text.slice('file:'.length), text);
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !existsSync(text)) return { kind: 'time', atMs: momentOption('to', text) };
  if (/[/\\.]/.test(text) || existsSync(text)) return file(text, text);
  throw new UsageError(`--to takes ${accepted}, not '${text}'`);
}

function shiftBy(text: string): number {
  const by = Number(text);
  if (Number.isSafeInteger(by) && by !== 0) return by;
  throw new UsageError(`--to takes a whole number of records other than 0, not '${text}'`);
}

function file(path: string, text: string): Destination {
  if (existsSync(path)) return { kind: 'file', path };
  throw new UsageError(`--to '${text}': there is no such file`);
}
