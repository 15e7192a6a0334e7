import { setTimeout as delay } from 'node:timers/promises';
import type { Tell } from '../support/insist.ts';
import { insist } from '../support/insist.ts';
import { count } from '../support/words.ts';
import { follow } from './follow.ts';
import { type Look, lookAtAll, withDeadLetters } from './look.ts';
import type { DeadLettersOptions } from './options.ts';
import { type Outcome, topicsOf } from './outcomes.ts';
import { type Earlier, earlierThings } from './outdated.ts';
import { idOf, releasable, spentRequests, withWholeKeys } from './parked.ts';
import { orderOfKeys } from './parked-topic.ts';
import { clearNotes, requestReleases } from './parked-write.ts';
import { planRedrive, type RedrivePlan } from './plan.ts';
import { type Manner, redrive } from './redrive.ts';
import { stateOf } from './select.ts';

type Chosen = Pick<DeadLettersOptions, 'target' | 'group' | 'followMs'>;

/** What there is to redrive of these dead letters, and of all that waits of their keys where keys are parked. */
export async function planOf(
  { target, group }: Pick<DeadLettersOptions, 'target' | 'group'>,
  cluster: Parameters<typeof orderOfKeys>[1],
  look: Look,
  chosen: Look['letters'],
  earlier: Earlier,
): Promise<RedrivePlan> {
  const waiting = look.letters.filter((letter) => stateOf(letter, look.journal) === 'waiting');
  const whole = look.parked === undefined ? chosen : withWholeKeys(chosen, waiting);
  const order = look.parked === undefined ? undefined : await orderOfKeys(target, cluster, look, group, earlier);
  const named = new Set(whole.flatMap(({ source }) => (source === undefined ? [] : [source.topic])));
  const topics = await topicsOf(target, cluster, [...named]);
  const partitionsOf = (name: string): number | undefined => topics.get(name)?.partitions.length;
  return planRedrive(whole, target.deadLetterTopic, partitionsOf, order?.turnOf);
}

const pauseMs = 300;
/** A round is over soon after it was committed: the more there are, the sooner one finds nothing behind it. */
const lookMs = 100;

/**
 * Brings back what has come of parked keys while those before were on their way: round by round, until nothing waits and
 * their owner has released them. Not what died of a cause of its own again.
 */
export async function bringBehind(
  options: Chosen,
  first: RedrivePlan,
  manner: Manner,
  earlier: Earlier,
): Promise<{ outcomes: readonly Outcome[]; said: string[] }> {
  const { target, followMs } = options;
  const keys = new Set(first.letters.flatMap(({ keyed }) => keyed?.key ?? []));
  const outcomes: Outcome[] = [];
  const said = (line: string) => ({ outcomes, said: [line] });
  if (keys.size === 0) return { outcomes, said: [] };
  const until = Date.now() + followMs;
  for (;;) {
    const { waiting, plan, held } = await withDeadLetters(target, async (cluster, topic) => {
      const look = await lookAtAll(target, cluster, topic, undefined);
      const ofKeys = look.letters.filter((one) => keys.has(one.keyed?.key ?? ''));
      const open = ofKeys.filter((one) => stateOf(one, look.journal) === 'waiting');
      return { waiting: open, plan: await planOf(options, cluster, look, open, earlier), held: look.held };
    });
    if (waiting.length === 0) return { outcomes, said: [] };
    const died = waiting.filter(({ cause }) => cause.code !== 'KEY_PARKED');
    if (died.length > 0) return said(`${count(died.length, 'record')} died again, and the keys stay parked.`);
    if (Date.now() > until || manner.signal.aborted) {
      return said(
        `${count(waiting.length, 'record')} of these keys still wait: more come while what is redriven is on its way. Run it again when fewer do, or with a longer --follow.`,
      );
    }
    if (plan.letters.length === 0) {
      await delay(pauseMs); // not committed yet
      continue;
    }
    const { notes } = await redrive(target, plan.letters, manner);
    const left = Math.max(0, until - Date.now());
    outcomes.push(...(await follow(target, notes, held, left, manner.signal, lookMs)));
  }
}

/**
 * Asks for the release of parked keys that nothing waits of any more, and takes back what was asked before and is done.
 * Resolves to their ids.
 */
export async function settle({ target, group }: Chosen, tell: Tell): Promise<readonly string[]> {
  return await insist(
    () =>
      withDeadLetters(target, async (cluster, topic) => {
        const look = await lookAtAll(target, cluster, topic, undefined);
        if (look.parked === undefined) return [];
        const earlier = await earlierThings(target, cluster, look);
        const { isOpen, isCommitted } = await orderOfKeys(target, cluster, look, group, earlier);
        const entries = releasable(look.parked, look.letters, isOpen, isCommitted).filter(
          (one) => !earlier.outdated.has(idOf(one)),
        );
        await requestReleases(cluster, topic.name, entries);
        await clearNotes(cluster, topic.name, spentRequests(look.notes, look.parked));
        return entries.map(idOf);
      }),
    tell,
  );
}
