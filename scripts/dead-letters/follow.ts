import { setTimeout as delay } from 'node:timers/promises';
import type { Target } from '../doctor/target.ts';
import { createLetterReader, type Letter } from './letter.ts';
import { withDeadLetters } from './look.ts';
import { type Outcome, outcomesOf, type RedriveNote, readPositions } from './outcomes.ts';
import { type Stretch, scan, wholeExtent } from './scan.ts';

const defaultLookMs = 500;

/**
 * Follows redriven records until each was handled or died again, for as long as was asked. Only what has come to the
 * dead-letter topic since `held` is read.
 */
export async function follow(
  target: Target,
  notes: readonly RedriveNote[],
  held: ReadonlyMap<number, Stretch>,
  forMs: number,
  signal: AbortSignal,
  lookMs = defaultLookMs,
): Promise<readonly Outcome[]> {
  if (notes.length === 0) return [];
  const until = Date.now() + forMs;
  return await withDeadLetters(target, async (cluster, topic) => {
    const read = createLetterReader(undefined);
    const letters: Letter[] = [];
    const next = new Map([...held].map(([partition, { to }]) => [partition, to]));
    for (;;) {
      const positions = await readPositions(target, cluster, notes);
      const now = await wholeExtent(topic, cluster.nodes);
      const stretches = new Map(
        [...now].map(([at, { from, to }]) => [at, { from: Math.max(from, next.get(at) ?? from), to }]),
      );
      await scan(topic, cluster.nodes, stretches, (partition, record) => void letters.push(read(partition, record)));
      for (const [partition, { to }] of now) next.set(partition, to);
      const outcomes = outcomesOf(notes, positions, letters);
      const open = outcomes.some(({ fate }) => fate === 'not yet' || fate === 'unknown');
      if (!open || signal.aborted || Date.now() + lookMs > until) return outcomes;
      await delay(lookMs, undefined, { signal }).catch(() => undefined);
    }
  });
}
