import { createHash } from 'node:crypto';
import type { Letter } from './letter.ts';

/** Why records died: those that died of the same have one between them. */
export interface Cause {
  /** Short, and the same on every machine and every day: for `--cause`. */
  readonly id: string;
  readonly code: string;
  readonly functionName: string;
  /** The message without what differs from record to record. */
  readonly shape: string;
}

/** The cause of a record that is no dead letter of this runtime. */
export const foreignCode = 'NOT_A_DEAD_LETTER';

const longest = 200;

/**
 * A message without what differs from record to record: quoted text, paths' indexes, numbers, times, hexadecimal ids.
 * `options[12].strike: expected above 0, found -3` and `options[7].strike: expected above 0, found -1` are the same.
 */
export function messageShape(message: string): string {
  return message
    .slice(0, longest * 4)
    .replace(/"[^"]*"|'[^']*'|`[^`]*`/g, "'…'")
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b0x[0-9a-f]+\b|\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b/gi, '#')
    .replace(/[-+]?\d+(?:[.,:]\d+)*(?:e[-+]?\d+)?/gi, '#')
    .replace(/#(?:T?#)+/g, '#')
    .slice(0, longest);
}

/** The cause that a code, a function and a message come to. */
export function causeOf(code: string, functionName: string, message: string): Cause {
  const shape = messageShape(message);
  const id = createHash('sha256').update([code, functionName, shape].join('\0')).digest('hex').slice(0, 8);
  return { id, code, functionName, shape };
}

/** The dead letters of one cause. */
export interface Group {
  readonly cause: Cause;
  readonly records: number;
  /** When the first and the last of them died, milliseconds since the epoch. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** The last of them. */
  readonly example: Letter;
}

/** Dead letters by cause, the most frequent first. */
export function groupByCause(letters: readonly Letter[]): Group[] {
  const groups = new Map<string, { -readonly [Field in keyof Group]: Group[Field] }>();
  for (const letter of letters) {
    const { cause, diedAtMs } = letter;
    const group = groups.get(cause.id);
    if (group === undefined) {
      groups.set(cause.id, { cause, records: 1, firstAtMs: diedAtMs, lastAtMs: diedAtMs, example: letter });
      continue;
    }
    group.records += 1;
    group.firstAtMs = Math.min(group.firstAtMs, diedAtMs);
    if (diedAtMs >= group.lastAtMs) {
      group.lastAtMs = diedAtMs;
      group.example = letter;
    }
  }
  return [...groups.values()].sort((a, b) => b.records - a.records || b.lastAtMs - a.lastAtMs);
}
