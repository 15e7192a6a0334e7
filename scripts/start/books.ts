import { type DatabaseBooks, databaseText, isSettled } from './database-books.ts';
import { duration } from './format.ts';
import type { Instance } from './instance.ts';
import type { LedgerCounts } from './ledger.ts';
import type { ScalingReport } from './scaling-log.ts';

/** One instance's part, as it said itself at the last look. */
export interface InstanceBooks {
  readonly id: number;
  readonly pid: number;
  readonly state: string;
  /** From its start until it had its first partitions; from SIGTERM until it had ended. */
  readonly joinedAfterMs: number | null;
  readonly leftAfterMs: number | null;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly deadLettered: number;
  readonly cpuSeconds: number;
  readonly usPerRecord: number | null;
  readonly rssMb: number;
}

/** The end of a run: what `--json` prints, in one line. */
export interface Books {
  readonly balanced: boolean;
  /** Records in the source topic, and what became of them, counted from the topics by the reader. */
  readonly fed: number;
  readonly enriched: number;
  readonly deadLettered: number;
  readonly deadByCode: Readonly<Record<string, number>>;
  /** Handled without an output: what the instances say, for it leaves no trace in a topic. */
  readonly filtered: number;
  readonly duplicates: number;
  /** Committed by the group, or acknowledged to the feed, and nowhere to be found. */
  readonly lost: number;
  /** Not committed by the group. */
  readonly lag: number;
  readonly rebalances: number;
  readonly rebalanceMs: readonly number[];
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly instances: number;
  /** Of feeding. */
  readonly seconds: number;
  readonly firstEnrichedAfterMs: number | null;
  /** Without --without-database. */
  readonly database?: DatabaseBooks;
  /** With --autoscale. */
  readonly autoscale?: ScalingReport;
  readonly perInstance: readonly InstanceBooks[];
}

/** What the books are made of. */
export interface Entries {
  readonly counts: LedgerCounts;
  /** Committed by the group, and neither enriched nor dead. */
  readonly unaccounted: number;
  /** What the feed was told is stored. */
  readonly acknowledged: number;
  readonly filtered: number;
  readonly lag: number;
  readonly database?: DatabaseBooks | undefined;
}

/** Whether everything that was fed is accounted for. */
export function balance({ counts, unaccounted, acknowledged, filtered, lag, database }: Entries): {
  lost: number;
  balanced: boolean;
} {
  const { fed, enriched, deadLettered } = counts;
  const lost = Math.max(0, unaccounted - filtered) + Math.max(0, acknowledged - fed);
  const balanced = fed > 0 && enriched + deadLettered + filtered === fed && lost === 0 && lag === 0;
  // A stage that lags has lost nothing: what is missing counts once its group has passed it.
  const passed = database?.stages.every((stage) => stage.lag === 0) ?? true;
  const missing = passed ? (database?.missing ?? 0) : 0;
  return { lost: lost + missing, balanced: balanced && (database === undefined || isSettled(database)) };
}

/**
 * Whether a run kept what it promises. One that is ended by hand may leave records for the next one; it must not lose
 * any. One that is to come back to rest has not failed to.
 */
export function kept({ balanced, lost }: Books, byHand: boolean, rested: boolean): boolean {
  return rested && (balanced || (byHand && lost === 0));
}

export function instanceBooks({ id, pid, state, gauges, joinedAfterMs, leftAfterMs }: Instance): InstanceBooks {
  const { recordsIn = 0, recordsOut = 0, dead = 0, cpuSeconds = 0, rssBytes = 0 } = gauges.latest ?? {};
  return {
    ...{ joinedAfterMs: joinedAfterMs ?? null, leftAfterMs: leftAfterMs ?? null },
    ...{ id, pid, state, recordsIn, recordsOut, deadLettered: dead },
    cpuSeconds: Math.round(cpuSeconds * 100) / 100,
    usPerRecord: recordsIn > 0 ? Math.round((cpuSeconds * 1e6) / recordsIn) : null,
    rssMb: Math.round(rssBytes / 1_048_576),
  };
}

/** The books in a few lines, for a person. */
export function booksText(books: Books): string {
  const { fed, enriched, deadLettered, filtered, lost, lag, duplicates, p50Ms, p99Ms } = books;
  const n = (count: number): string => count.toLocaleString('en-US');
  const verdict = books.balanced
    ? 'The books balance.'
    : lost > 0
      ? `${n(lost)} RECORDS ARE LOST.`
      : `${n(lag + stagesLag(books))} records are left to do: the next start takes them up.`;
  return [
    `${n(fed)} fed = ${n(enriched)} enriched + ${n(deadLettered)} dead letters + ${n(filtered)} filtered` +
      `${fed === enriched + deadLettered + filtered ? '' : ' + the rest'}; ${n(duplicates)} duplicates. ${verdict}`,
    `From fed to enriched: p50 ${duration(p50Ms)}, p99 ${duration(p99Ms)}. ${books.rebalances} rebalances. ` +
      `First enriched record after ${((books.firstEnrichedAfterMs ?? 0) / 1_000).toFixed(1)} s.`,
    ...(books.database ? databaseText(books.database) : []),
    '',
  ].join('\n');
}

function stagesLag({ database }: Books): number {
  return database?.stages.reduce((sum, { lag }) => sum + lag, 0) ?? 0;
}
