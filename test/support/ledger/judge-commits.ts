import type { Book, Page } from './book.ts';
import type { Expectations } from './judge.ts';
import type { CommitSample } from './log.ts';
import type { Collectors } from './verdict.ts';

/**
 * Judges commits by the brokers' own evidence. A record is done when its first output or dead letter was appended, which
 * the topics' `LogAppendTime` tells; a sample says that at its time the commit stood there already. A commit that covers
 * a record whose evidence came later, or never came, promised what was not so. Brokers and test share this machine's
 * clock, and a time is a whole millisecond: hence the small allowance, far below what a produce request takes under load.
 *
 * Returns the last committed offset by partition, as seen.
 */
export function judgeCommits(
  book: Book,
  samples: readonly CommitSample[],
  { fateOf, clockGranularityMs = 2 }: Expectations,
  found: Collectors,
): Map<number, number> {
  const done = new Map<number, Float64Array>();
  const last = new Map<number, number>();
  for (const { partition, offset, atMs } of samples) {
    const at = `${book.topic}/${partition}/${offset}`;
    const before = last.get(partition);
    if (before !== undefined && offset < before) {
      found.commitsBackwards.add(at, `from ${before} to ${offset} at ${atMs}`);
    }
    last.set(partition, offset);
    const page = book.pages[partition];
    const end = page ? page.base + page.records.length : 0;
    if (!page || offset > end) {
      found.commitsAhead.add(at, `the partition ends at ${end}`);
      continue;
    }
    const doneAtMs = done.get(partition) ?? doneByMs(page, fateOf);
    done.set(partition, doneAtMs);
    const index = offset - page.base - 1;
    const needs = doneAtMs[index];
    if (needs === undefined || needs <= atMs + clockGranularityMs) continue;
    const when = needs === Number.POSITIVE_INFINITY ? 'never done' : `done ${needs - atMs} ms later`;
    found.commitsAhead.add(
      at,
      `committed at ${atMs}, with source offset ${culprit(doneAtMs, index) + page.base} ${when}`,
    );
  }
  return last;
}

/** For each record of the page, when it and all before it were done: the earliest time at which to commit past it. */
function doneByMs(page: Page, fateOf: Expectations['fateOf']): Float64Array {
  const times = new Float64Array(page.records.length);
  let latest = Number.NEGATIVE_INFINITY;
  for (const [index, record] of page.records.entries()) {
    const evidence = Math.min(page.outputAtMs[index] ?? 0, page.deadAtMs[index] ?? 0);
    // What is filtered as it should be leaves no evidence.
    const filtered = evidence === Number.POSITIVE_INFINITY && fateOf(record, page.partition) === 'filtered';
    if (!filtered) latest = Math.max(latest, evidence);
    times[index] = latest;
  }
  return times;
}

/** The first record that is done no earlier than the one at `index` needs: the one that the commit ran ahead of. */
function culprit(doneAtMs: Float64Array, index: number): number {
  let first = index;
  while (first > 0 && doneAtMs[first - 1] === doneAtMs[index]) first -= 1;
  return first;
}
