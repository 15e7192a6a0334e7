import { table } from '../support/table.ts';
import { count, some } from '../support/words.ts';
import type { Look } from './look.ts';
import { idOf, type ParkedEntry, type ParkedNote, type ParkedPlace } from './parked.ts';
import { keyText } from './parked-text.ts';
import { type Filter, stateOf } from './select.ts';
import { type Standing, standingsOf } from './standing.ts';

/** What is to be done with parked keys. */
export interface UnparkPlan {
  /** All notes of these keys are taken back. */
  readonly forget: readonly ParkedNote[];
  /** Nothing waits of them: their owner releases them with their next record. */
  readonly release: readonly ParkedEntry[];
  /** Parked as before: something waits, or their group is not past it. */
  readonly left: readonly Standing[];
}

/** Plans it for the keys that were asked for. `forced`: all of them are forgotten, whatever their notes say. */
export function planUnpark(
  look: Pick<Look, 'notes' | 'parked' | 'letters' | 'journal'>,
  filter: Pick<Filter, 'key' | 'functions' | 'sources'>,
  outdated: ReadonlySet<string>,
  free: readonly ParkedEntry[],
  forced: boolean,
): UnparkPlan {
  const fits = (place: ParkedPlace): boolean => fitsKey(place, filter);
  const forget = look.notes.filter((note) => fits(note) && (forced || outdated.has(note.id)));
  const gone = new Set(forget.map(({ id }) => id));
  const standings = [...standingsOf(look, outdated)]
    .filter(([id, { entry }]) => !gone.has(id) && fits(entry))
    .map(([, standing]) => standing);
  const freed = new Set(free.map(idOf));
  return {
    forget,
    release: standings.map(({ entry }) => entry).filter((entry) => freed.has(idOf(entry))),
    left: standings.filter(({ entry }) => !freed.has(idOf(entry))),
  };
}

function fitsKey(
  { topic, partition, functionName, name }: ParkedPlace,
  { key, functions, sources }: Pick<Filter, 'key' | 'functions' | 'sources'>,
): boolean {
  return (
    (key === undefined || key.toString('latin1') === name) &&
    (functions.length === 0 || functions.includes(functionName)) &&
    (sources.length === 0 || sources.includes(topic) || sources.includes(`${topic}/${partition}`))
  );
}

/** How many dead letters wait of the keys of notes. */
export function waitingOf(notes: readonly ParkedNote[], { letters, journal }: Look): number {
  const ids = new Set(notes.map(({ id }) => id));
  return letters.filter((one) => ids.has(one.keyed?.key ?? '') && stateOf(one, journal) === 'waiting').length;
}

/** The plan for a person. */
export function planLines({ forget, release, left }: UnparkPlan, waiting: number, applied: boolean): string[] {
  const keys = new Map(forget.map((note) => [note.id, note]));
  const would = applied ? '' : 'would be ';
  const rows = [...keys.values()]
    .slice(0, 20)
    .map((one) => [keyText(one), one.functionName, `${one.topic}/${one.partition}`]);
  return [
    ...(keys.size > 0
      ? [
          `${would}forgotten: ${count(keys.size, 'key')}, with ${count(forget.length, 'note')}`,
          ...table([['key', 'function', 'of'], ...rows]),
        ]
      : []),
    ...(keys.size > rows.length ? [`  and ${keys.size - rows.length} more: --json has all`] : []),
    ...(waiting > 0
      ? [
          `${count(waiting, 'dead letter')} of them ${waiting === 1 ? 'waits' : 'wait'} here: a redrive brings back what is wanted, in order; what has come since may have gone before.`,
        ]
      : []),
    ...(release.length > 0
      ? [
          `${would}released, as nothing waits of ${release.length === 1 ? 'it' : 'them'}: ${count(release.length, 'key')}, with the next record of each`,
        ]
      : []),
    ...(left.length > 0
      ? [
          `left as they are: ${count(left.length, 'key')} (${some(left.map(({ entry, waiting: own }) => `${keyText(entry)}: ${own.length > 0 ? `${own.length} wait` : 'its group is not past its last record'}`))}). What waits is for a redrive or a discard.`,
        ]
      : []),
  ];
}

/** The plan for a program. */
export function planJson({ forget, release, left }: UnparkPlan): object {
  const place = ({ topic, partition, functionName, name }: ParkedPlace) => ({ topic, partition, functionName, name });
  return {
    forgotten: [...new Map(forget.map((note) => [note.id, place(note)])).values()],
    released: release.map(place),
    left: left.map(({ entry, waiting }) => ({ ...place(entry), waiting: waiting.length })),
  };
}
