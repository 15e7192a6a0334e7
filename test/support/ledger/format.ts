import { AssertionError } from 'node:assert';
import type { FindingKind, Verdict } from './verdict.ts';

const kinds: readonly [kind: FindingKind, what: string][] = [
  ['lost', 'lost'],
  ['invented', 'invented'],
  ['duplicates', 'duplicated'],
  ['reordered', 'out of order'],
  ['wrongPartition', 'in a wrong partition'],
  ['wrongKey', 'with a wrong key'],
  ['wrongBytes', 'with wrong bytes or headers'],
  ['unexpectedOutput', 'with an output that should have none'],
  ['unexpectedDead', 'dead that should live'],
  ['missingDead', 'without the dead letter due'],
  ['commitsAhead', 'commits ahead of what was done'],
  ['commitsBackwards', 'commits that went backwards'],
];

export interface CleanOptions {
  /** How many duplicates at least once is given (default 0). */
  readonly allowDuplicates?: number;
  /** Source records that may be left to be delivered again (default: any number). */
  readonly allowUncommitted?: number;
}

/** The kinds of violation that are there, duplicates included. */
export function violationsOf(verdict: Verdict): FindingKind[] {
  return kinds.map(([kind]) => kind).filter((kind) => verdict[kind].total > 0);
}

/** A verdict in a few lines, for a failed assertion or a log. */
export function describeVerdict(verdict: Verdict): string {
  const { counts, unaccounted, uncommitted, longestSilenceMs } = verdict;
  const lines = [
    `${counts.inputs} inputs = ${counts.distinctOutputs} handled + ${counts.distinctDeadLetters} dead + ` +
      `${counts.filtered} filtered + ${unaccounted} unaccounted; in the topics ${counts.outputs} outputs, ` +
      `${counts.deadLetters} dead letters; ${counts.commits} commits seen, ${uncommitted} records left uncommitted; ` +
      `longest silence ${Math.max(0, ...longestSilenceMs)} ms`,
  ];
  for (const [kind, what] of kinds) {
    const { total, examples } = verdict[kind];
    if (total === 0) continue;
    lines.push(`${total} ${what} (${kind}):`);
    for (const { at, detail } of examples.slice(0, 5)) lines.push(`  ${at}: ${detail}`);
    if (total > 5) lines.push(`  and ${total - 5} more`);
  }
  return lines.join('\n');
}

/** Throws, with the description, unless every promise was kept and no more was doubled than is allowed. */
export function assertClean(verdict: Verdict, { allowDuplicates = 0, allowUncommitted }: CleanOptions = {}): void {
  const doubled = verdict.duplicates.total > allowDuplicates;
  const broken = violationsOf(verdict).filter((kind) => kind !== 'duplicates' || doubled);
  const left = allowUncommitted !== undefined && verdict.uncommitted > allowUncommitted;
  if (broken.length === 0 && verdict.unaccounted === 0 && !left) return;
  throw new AssertionError({
    message: `The run is not clean.\n${describeVerdict(verdict)}`,
    stackStartFn: assertClean,
  });
}
