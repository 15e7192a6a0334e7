import { CommandError } from '../../support/command.ts';
import type { Tell } from '../../support/insist.ts';
import type { TopicFacts } from '../../support/kafka/cluster-facts.ts';
import { type AnsweringCluster, activeBecause, lookAtGroup } from '../../support/kafka/group-look.ts';
import { createPace } from '../../support/pace.ts';
import { count } from '../../support/words.ts';
import { type Copy, endsOf } from './copy.ts';
import type { MigrateOptions } from './options.ts';

/** A copy that is to follow its old topic. */
export interface Following {
  readonly options: MigrateOptions;
  readonly tell: Tell;
  readonly cluster: AnsweringCluster;
  readonly old: TopicFacts;
  readonly copy: Copy;
  /** Keeps how far the copy is. */
  readonly keep: () => Promise<void>;
}

const checkpointMs = 1_000;
const progressMs = 5_000;
const stalledMs = 60_000;
const lookMs = 500;
const recentMs = 2_000;

/** Copies to where the old topic ends when it gets there. */
export async function catchUp({ options, tell, cluster, old, copy, keep }: Following): Promise<number> {
  let written = 0;
  let ends = await endsOf(old, cluster.nodes);
  const pace = createPace(options.rate);
  let [lookedAt, keptAt, toldAt, movedAt] = [Date.now(), Date.now(), Date.now(), Date.now()];
  let lastBehind = copy.behind(ends);
  for (;;) {
    if (copy.behind(ends) === 0) {
      // While producers go on there is no end that stays one: a look of a moment ago will do.
      if (Date.now() - lookedAt < recentMs) break;
      [ends, lookedAt] = [await endsOf(old, cluster.nodes), Date.now()];
    }
    const wrote = await copy.round(200, options.rate / 5);
    written += wrote;
    await pace(wrote);
    const now = Date.now();
    const behind = copy.behind(ends);
    if (behind !== lastBehind) [movedAt, lastBehind] = [now, behind];
    if (now - movedAt > stalledMs) {
      throw new CommandError(
        `${count(behind, 'record')} of ${old.name} do not come: is a transaction open there? Run this again: it goes on where it is`,
      );
    }
    if (now - keptAt > checkpointMs) {
      await keep();
      keptAt = now;
    }
    if (now - toldAt > progressMs) {
      tell(`copy      ${written} written, ${behind} to go`);
      toldAt = now;
    }
  }
  copy.checkNothingAhead();
  await keep();
  return written;
}

/**
 * Copies on until nobody has written to the old topic for a while, everything is copied, and the groups have no members.
 * @throws CommandError when that takes too long
 */
export async function awaitQuiet(work: Following): Promise<{ written: number; ends: ReadonlyMap<number, number> }> {
  const { options, tell, cluster, old, copy, keep } = work;
  const deadline = Date.now() + options.waitMs;
  let written = 0;
  let ends = await endsOf(old, cluster.nodes);
  let [changedAt, keptAt] = [Date.now(), Date.now()];
  let told = '';
  for (;;) {
    const lookAgainAt = Date.now() + lookMs;
    do written += await copy.round(Math.min(200, options.quietMs));
    while (Date.now() < lookAgainAt);
    const now = await endsOf(old, cluster.nodes);
    const came = [...now].reduce((sum, [partition, end]) => sum + end - (ends.get(partition) ?? 0), 0);
    if (came !== 0) changedAt = Date.now();
    ends = now;
    const looks = await Promise.all(options.groups.map((groupId) => lookAtGroup(cluster, groupId, old)));
    const active = looks.map(({ group }) => activeBecause(group)).find((reason) => reason !== undefined);
    const quiet = Date.now() - changedAt >= options.quietMs && copy.behind(ends) === 0;
    if (quiet && active === undefined) break;
    const waitsFor =
      came === 0
        ? (active ?? `${old.name} to stay quiet for ${options.quietMs / 1_000} s`)
        : `the producers of ${old.name} to be stopped`;
    if (Date.now() - keptAt >= checkpointMs) {
      await keep();
      keptAt = Date.now();
    }
    if (waitsFor !== told) tell(`cut-over  waits: ${waitsFor}`);
    told = waitsFor;
    if (Date.now() > deadline) {
      await keep();
      throw new CommandError(
        `not cut over within ${options.waitMs / 1_000} s, waiting for this: ${waitsFor}. Run this again: it goes on where it is`,
      );
    }
  }
  copy.checkNothingAhead();
  await keep();
  return { written, ends };
}
