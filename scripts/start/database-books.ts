import type { StageBooks } from './stages.ts';

/** What became of the enriched records behind the processor. */
export interface DatabaseBooks {
  /** Snapshots of this run in the tables, counted there; null when they could not be. */
  readonly stored: number | null;
  /** Why they could not be counted. */
  readonly uncounted?: string;
  /** Enriched, and neither in the tables nor a dead letter of storage's. */
  readonly missing: number;
  /** Storage and analytics, as they say themselves. */
  readonly stages: readonly StageBooks[];
}

/** `enriched`: distinct snapshots; a duplicate is the row of its first again. */
export function storedBooks(enriched: number, stored: number, stages: readonly StageBooks[]): DatabaseBooks {
  const dead = stages.find(({ name }) => name === 'storage')?.deadLettered ?? 0;
  return { stored, missing: Math.max(0, enriched - stored - dead), stages };
}

/** The books when the tables cannot be counted: the rest of them is worth having all the same. */
export function uncountedBooks(uncounted: string, stages: readonly StageBooks[]): DatabaseBooks {
  return { stored: null, uncounted, missing: 0, stages };
}

/** Whether nothing is left to do behind the processor, and every snapshot is accounted for. */
export function isSettled({ stored, missing, stages }: DatabaseBooks): boolean {
  return stored !== null && missing === 0 && stages.every(({ lag, crashed }) => lag === 0 && !crashed);
}

/** The books behind the processor in a line for each stage. */
export function databaseText({ stored, uncounted, missing, stages }: DatabaseBooks): string[] {
  const n = (count: number): string => count.toLocaleString('en-US');
  return [
    stored === null
      ? `The snapshots in the tables could not be counted. ${uncounted}`
      : `${n(stored)} snapshots in the tables${missing > 0 ? `, ${n(missing)} MISSING` : ''}.`,
    ...stages.map(({ name, recordsIn, recordsOut, deadLettered, lag, crashed }) => {
      const outputs = recordsOut > 0 ? `, ${n(recordsOut)} results` : '';
      const left = lag > 0 ? `, ${n(lag)} left to do` : '';
      return `${name}: ${n(recordsIn)} read${outputs}, ${n(deadLettered)} dead letters${left}${crashed ? '; CRASHED' : ''}.`;
    }),
  ];
}
