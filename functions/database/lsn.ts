import type { Lsn } from './port.ts';

/** A place in the log as a number that can be compared. */
export function positionOf(lsn: Lsn): bigint {
  const match = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(lsn);
  if (!match) throw new TypeError(`Expected a place in the log such as 16/B374D848, got ${JSON.stringify(lsn)}`);
  return (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`);
}

/** What is known of where the primary's log was, and when: by it a replica's own position tells how far it is behind. */
export interface PrimaryLog {
  /** The primary had written up to here at a time, or before. */
  saw(lsn: Lsn, atMs: number): void;
  /** How old the state of a server is that has replayed up to here, milliseconds: at most. Infinity when it is not known. */
  lagOf(lsn: Lsn, nowMs: number): number;
}

const kept = 256;

/**
 * Keeps the last few looks. A replica tells no lag that could be trusted: its clock of replayed commits stands still while
 * nobody writes, and it does not notice that it is cut off.
 */
export function createPrimaryLog(): PrimaryLog {
  const looks: { readonly position: bigint; readonly atMs: number }[] = [];
  return {
    saw(lsn, atMs) {
      looks.push({ position: positionOf(lsn), atMs });
      if (looks.length > kept) looks.shift();
    },
    lagOf(lsn, nowMs) {
      const position = positionOf(lsn);
      const newest = looks.findLast((look) => look.position <= position);
      return newest === undefined ? Number.POSITIVE_INFINITY : Math.max(0, nowMs - newest.atMs);
    },
  };
}
