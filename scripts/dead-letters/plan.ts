import { journalSuffix } from '../../infra/topics.ts';
import { type Letter, placeOf, type Source } from './letter.ts';
import { identityOf } from './note.ts';
import type { LetterTurn } from './parked.ts';

/** A dead letter that can be redriven. */
export type Redrivable = Letter & { readonly source: Source; readonly turn?: LetterTurn };

/** A dead letter that is not redriven, and why. */
export interface Skipped {
  readonly place: string;
  readonly reason: string;
}

/** What a redrive would do. */
export interface RedrivePlan {
  /**
   * In the order in which they go: those of one partition of one topic by their offsets there, so that the records of a
   * key keep their order; before them, where keys are parked, those of a topic that was there before.
   */
  readonly letters: readonly Redrivable[];
  readonly skipped: readonly Skipped[];
  /** Records by the topic that they go to. */
  readonly targets: readonly { readonly topic: string; readonly records: number; readonly partitions: number }[];
  /** Of these, records that were redriven before and died again. */
  readonly again: number;
}

/**
 * Plans a redrive of dead letters. `partitionsOf` says how many partitions a topic has; undefined: there is no such topic.
 * Of several dead letters of one record only the first goes: the others are copies of it. `turnOf` says the turn of one
 * whose key may be parked, or why it cannot go back now.
 */
export function planRedrive(
  letters: readonly Letter[],
  deadLetters: string,
  partitionsOf: (topic: string) => number | undefined,
  turnOf: (letter: Redrivable) => LetterTurn | string | undefined = () => undefined,
): RedrivePlan {
  const skipped: Skipped[] = [];
  const chosen = new Map<string, Redrivable>();
  for (const letter of letters.toSorted(byDeath)) {
    const { source } = letter;
    const reason = source === undefined ? `it is no dead letter: ${letter.cause.shape}` : unfit(source);
    const place = placeOf(letter);
    if (source === undefined || reason !== undefined) {
      skipped.push({ place, reason: reason ?? '' });
      continue;
    }
    const identity = identityOf(source);
    const twin = chosen.get(identity);
    const turn = turnOf({ ...letter, source });
    if (typeof turn === 'string') skipped.push({ place, reason: turn });
    else if (twin === undefined) chosen.set(identity, { ...letter, source, ...(turn === undefined ? {} : { turn }) });
    else skipped.push({ place, reason: `the same record died twice: ${placeOf(twin)} goes` });
  }
  const inOrder = [...chosen.values()].sort(bySource);
  return {
    letters: inOrder,
    skipped,
    targets: [...Map.groupBy(inOrder, ({ source }) => source.topic)].map(([topic, list]) => ({
      ...{ topic, records: list.length, partitions: new Set(list.map(({ source }) => source.partition)).size },
    })),
    again: inOrder.filter(({ redrives }) => redrives > 0).length,
  };

  function unfit({ topic, partition }: Source): string | undefined {
    if (topic === deadLetters || topic.endsWith(journalSuffix) || topic.startsWith('__')) {
      return `it says that it died in ${topic}, which no function reads`;
    }
    const partitions = partitionsOf(topic);
    if (partitions === undefined) return `its topic ${topic} is not there any more`;
    return partition < partitions ? undefined : `its topic ${topic} has ${partitions} partitions, and no ${partition}`;
  }
}

function byDeath(a: Letter, b: Letter): number {
  return a.diedAtMs - b.diedAtMs || a.partition - b.partition || a.offset - b.offset;
}

function bySource(one: Redrivable, other: Redrivable): number {
  const [a, b] = [one.source, other.source];
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return (
    a.partition - b.partition ||
    Number(isEarlier(other)) - Number(isEarlier(one)) ||
    (one.turn ?? a).offset - (other.turn ?? b).offset
  );
}

/** Of a topic that was deleted and made again: its offset, behind the end of the new one, says nothing of its place there. */
function isEarlier({ keyed, turn }: Redrivable): boolean {
  return keyed !== undefined && turn === undefined;
}
