import { foreignCode } from './causes.ts';
import { type Letter, placeOf } from './letter.ts';
import type { Journal } from './note.ts';

export const states = ['waiting', 'redriven', 'discarded'] as const;
/**
 * What was done with a dead letter, or with another one of the same record: nothing yet, redriven, or discarded.
 */
export type State = (typeof states)[number];

/** Which dead letters are meant: all that fit each of these. What is undefined, or an empty list, asks for nothing. */
export interface Filter {
  readonly states: readonly State[];
  readonly places: readonly string[];
  readonly codes: readonly string[];
  readonly functions: readonly string[];
  /** The ids of causes, or how they begin. */
  readonly causes: readonly string[];
  /** Topics that records died in; or `<topic>/<partition>`. */
  readonly sources: readonly string[];
  readonly key: Buffer | undefined;
  /** When they died: from then on, and up to before; milliseconds since the epoch. */
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
}

/** What was done with a dead letter. */
export function stateOf(letter: Letter, journal: Journal): State {
  return (journal.noteOf(letter) ?? journal.twinOf(letter))?.action ?? 'waiting';
}

/** The dead letters that a filter means. */
export function select(letters: readonly Letter[], journal: Journal, filter: Filter): Letter[] {
  return letters.filter((letter) => filter.states.includes(stateOf(letter, journal)) && fits(letter, filter));
}

function fits(letter: Letter, filter: Filter): boolean {
  const { places, codes, functions, causes, sources, key, sinceMs, untilMs } = filter;
  const { cause, source, diedAtMs } = letter;
  const asks = (list: readonly string[], accepts: (asked: string) => boolean): boolean =>
    list.length === 0 || list.some(accepts);
  return (
    asks(places, (place) => place === placeOf(letter)) &&
    asks(codes, (code) => code === cause.code) &&
    asks(functions, (name) => name === cause.functionName && cause.code !== foreignCode) &&
    asks(causes, (id) => cause.id.startsWith(id)) &&
    asks(
      sources,
      (one) => source !== undefined && [source.topic, `${source.topic}/${source.partition}`].includes(one),
    ) &&
    (key === undefined || letter.isOfKey) &&
    (sinceMs === undefined || diedAtMs >= sinceMs) &&
    (untilMs === undefined || diedAtMs < untilMs)
  );
}
