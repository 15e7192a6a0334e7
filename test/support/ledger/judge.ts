import { type Book, openBook } from './book.ts';
import { judgeCommits } from './judge-commits.ts';
import { judgeDeadLetters } from './judge-dead-letters.ts';
import { judgeOutputs } from './judge-outputs.ts';
import type { CommitSample, Fate, LoggedRecord, TopicLog } from './log.ts';
import { type Collectors, createCollectors, type FindingKind, type Verdict } from './verdict.ts';

/** What the run should have come to. */
export interface Expectations {
  /** What must become of this source record; `undefined` when any end will do, as long as it has one. */
  readonly fateOf: (record: LoggedRecord, partition: number) => Fate | undefined;
  /** Which outputs must not overtake each other: those of one key (the default), or of one source partition. */
  readonly order?: 'key' | 'partition';
  /** What `error.function` must say; anything, when left out. */
  readonly functionName?: string;
  /** The fingerprint of the output that this record must have; unchecked when left out. */
  readonly outputHashOf?: (record: LoggedRecord) => string | null;
  /** By how much a commit may seem to come before the append that it vouches for (default 2). */
  readonly clockGranularityMs?: number;
}

/** The logs of a run that has ended, and the commits seen meanwhile. Absent topics count as empty. */
export interface Evidence {
  readonly source: TopicLog;
  readonly outputs?: TopicLog;
  readonly deadLetters?: TopicLog;
  /** In the order in which they were seen, which is ascending time. */
  readonly commitSamples?: readonly CommitSample[];
  readonly expectations: Expectations;
}

const noLog: TopicLog = { topic: 'none', partitions: [] };

/**
 * Says what a run came to, from nothing but what the brokers hold. At most one output is expected of a record. Linear
 * in records and commits.
 */
export function judge(evidence: Evidence): Verdict {
  const { source, outputs = noLog, deadLetters = noLog, commitSamples = [], expectations } = evidence;
  const found = createCollectors();
  const book = openBook(source);
  judgeOutputs(book, outputs, expectations, found);
  judgeDeadLetters(book, deadLetters, expectations, found);
  const committed = judgeCommits(book, commitSamples, expectations, found);
  const ends = judgeEnds(book, committed, expectations, found);
  return {
    ...found,
    counts: {
      inputs: recordsOf(source),
      outputs: recordsOf(outputs),
      deadLetters: recordsOf(deadLetters),
      distinctOutputs: ends.distinctOutputs,
      distinctDeadLetters: ends.distinctDeadLetters,
      filtered: ends.filtered,
      commits: commitSamples.length,
    },
    unaccounted: ends.unaccounted,
    uncommitted: ends.uncommitted,
    longestSilenceMs: outputs.partitions.map(longestSilence),
  };
}

/** Compares each record's end with the one that it should have had. */
function judgeEnds(book: Book, committed: ReadonlyMap<number, number>, { fateOf }: Expectations, found: Collectors) {
  const ends = { distinctOutputs: 0, distinctDeadLetters: 0, filtered: 0, unaccounted: 0, uncommitted: 0 };
  for (const page of book.pages) {
    const position = committed.get(page.partition) ?? page.base;
    ends.uncommitted += Math.max(0, page.base + page.records.length - Math.max(position, page.base));
    for (const [index, record] of page.records.entries()) {
      const hasOutput = page.outputAtMs[index] !== Number.POSITIVE_INFINITY;
      const isDead = page.deadAtMs[index] !== Number.POSITIVE_INFINITY;
      if (hasOutput) ends.distinctOutputs += 1;
      if (isDead) ends.distinctDeadLetters += 1;
      const fate = fateOf(record, page.partition);
      if (!hasOutput && !isDead) {
        if (fate === 'filtered') ends.filtered += 1;
        else ends.unaccounted += 1;
      }
      const detail = record.offset < position ? 'committed' : 'not committed, so it would be delivered again';
      for (const kind of wrongEnds(fate, hasOutput, isDead)) {
        found[kind].add(`${book.topic}/${page.partition}/${record.offset}`, `due: ${fate ?? 'any end'}; ${detail}`);
      }
    }
  }
  return ends;
}

const right: readonly FindingKind[] = [];

function wrongEnds(fate: Fate | undefined, hasOutput: boolean, isDead: boolean): readonly FindingKind[] {
  switch (fate) {
    case undefined:
      return hasOutput || isDead ? right : ['lost'];
    case 'output':
      if (isDead) return ['unexpectedDead'];
      return hasOutput ? right : ['lost'];
    case 'filtered':
      if (!hasOutput && !isDead) return right;
      return [...(hasOutput ? ['unexpectedOutput' as const] : []), ...(isDead ? ['unexpectedDead' as const] : [])];
    default:
      if (isDead && !hasOutput) return right;
      return [...(hasOutput ? ['unexpectedOutput' as const] : []), ...(isDead ? [] : ['missingDead' as const])];
  }
}

function recordsOf({ partitions }: TopicLog): number {
  return partitions.reduce((sum, records) => sum + records.length, 0);
}

function longestSilence(records: readonly LoggedRecord[]): number {
  let longest = 0;
  let before: number | undefined;
  for (const { timestampMs } of records) {
    if (before !== undefined) longest = Math.max(longest, timestampMs - before);
    before = timestampMs;
  }
  return longest;
}
