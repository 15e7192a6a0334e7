import { groupByCause } from './causes.ts';
import { type Letter, placeOf, sourceText } from './letter.ts';
import type { Look } from './look.ts';
import type { DeadLettersOptions } from './options.ts';
import { newPlaceOf, type Outcome } from './outcomes.ts';
import type { RedrivePlan } from './plan.ts';
import type { Standing } from './standing.ts';
import { listText } from './text.ts';

/** What the command found and did: for a person, and for a program. */
export interface Report {
  readonly text: string;
  readonly json: object;
  /** Whether all that was asked for is done. */
  readonly done: boolean;
}

/** What `list` tells. */
export function list(
  { filter }: DeadLettersOptions,
  look: Look,
  chosen: readonly Letter[],
  standings: ReadonlyMap<string, Standing>,
): Report {
  const { states, key, sinceMs, untilMs, ...lists } = filter;
  const filtered =
    Object.values(lists).some((asked) => asked.length > 0) ||
    [key, sinceMs, untilMs].some((asked) => asked !== undefined) ||
    states.join() !== 'waiting';
  const groups = groupByCause(chosen).map(({ example, ...group }) => ({ ...group, example: letterJson(example) }));
  const parked = [...standings.values()].map(({ entry, head, waiting, outdated }) => ({
    ...{ ...entry, outdated, waiting: waiting.length },
    deadLetter: head === undefined ? null : placeOf(head.letter),
  }));
  const json = {
    ...{ topic: look.topic.name, groups, redriven: look.outcomes.map(outcomeJson) },
    ...(look.parked === undefined ? {} : { parked }),
  };
  return { text: listText(look, chosen, filtered, standings), json, done: true };
}

export function letterJson(letter: Letter): object {
  const { source, cause, diedAtMs, redrives } = letter;
  return {
    place: placeOf(letter),
    source: source === undefined ? null : sourceText(source),
    cause: cause.id,
    diedAtMs,
    redrives,
  };
}

export function planJson({ letters, ...plan }: RedrivePlan, readers: ReadonlyMap<string, readonly string[]>): object {
  return { letters: letters.map(letterJson), ...plan, readers: Object.fromEntries(readers) };
}

export function outcomeJson({ note, fate, letter }: Outcome): object {
  const { topic, partition, offset } = newPlaceOf(note);
  return {
    ...{
      place: note.place,
      to: `${topic}/${partition}/${offset}`,
      group: note.group,
      atMs: note.atMs,
      by: note.by,
      fate,
    },
    ...(letter === undefined ? {} : { diedAgainAs: placeOf(letter) }),
  };
}
