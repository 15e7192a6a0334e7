import { type Letter, placeOf, type Source, sourceText } from './letter.ts';

/** What was done with a dead letter. */
export type Note = {
  /** Where the dead letter lies: `<partition>/<offset>` of its topic. */
  readonly place: string;
  /** Which one lies there: a topic that was made anew has others at the same offsets. */
  readonly identity: string;
  /** When it was done, milliseconds since the epoch. */
  readonly atMs: number;
  /** Who did it: user@host. */
  readonly by: string;
} & (
  | {
      readonly action: 'redriven';
      /** The record that died. */
      readonly source: string;
      /** Where in the same topic and partition it lies now. */
      readonly offset: number;
      readonly group: string;
    }
  | { readonly action: 'discarded'; readonly reason: string }
);

/** A record and its time: another record at the same offset of a topic that was made anew is another. */
export function identityOf(source: Source): string {
  return `${sourceText(source)}@${source.timestamp}`;
}

/** Which dead letter lies in a place. */
export function letterIdentity({ source, diedAtMs }: Letter): string {
  return `${source === undefined ? '-' : identityOf(source)}#${diedAtMs}`;
}

/** A note as the journal holds it. */
export function noteText(note: Note): string {
  return JSON.stringify({ version: 1, ...note });
}

/** Reads a note; undefined for what is none. */
export function parseNote(text: string): Note | undefined {
  let held: unknown;
  try {
    held = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof held !== 'object' || held === null) return undefined;
  const { place, identity, atMs, by, action, source, offset, group, reason } = held as Record<string, unknown>;
  if (typeof place !== 'string' || typeof identity !== 'string' || typeof by !== 'string') return undefined;
  if (!/^\d{1,9}\/\d{1,16}$/.test(place) || !Number.isSafeInteger(atMs)) return undefined;
  const common = { place, identity, atMs: Number(atMs), by };
  if (action === 'discarded' && typeof reason === 'string') return { ...common, action, reason };
  if (action !== 'redriven' || typeof source !== 'string' || typeof group !== 'string') return undefined;
  if (!Number.isSafeInteger(offset)) return undefined;
  return { ...common, action, source, offset: Number(offset), group };
}

/** All that was noted of a dead-letter topic. */
export interface Journal {
  /** What was done with it. */
  noteOf(letter: Letter): Note | undefined;
  /**
   * What was done with another dead letter of the same record, which stands for this one: a record may die twice at the same
   * offset. Where one was redriven and one discarded, that it was redriven.
   */
  twinOf(letter: Letter): Note | undefined;
  readonly notes: readonly Note[];
}

/** Puts notes together. */
export function journalFrom(notes: readonly Note[]): Journal {
  const byPlace = new Map(notes.map((note) => [note.place, note]));
  const bySource = new Map<string, Note>();
  for (const note of notes) {
    const source = sourceOf(note);
    if (source !== '-' && bySource.get(source)?.action !== 'redriven') bySource.set(source, note);
  }
  return {
    notes,
    noteOf(letter) {
      const note = byPlace.get(placeOf(letter));
      return note?.identity === letterIdentity(letter) ? note : undefined;
    },
    twinOf(letter) {
      if (letter.source === undefined) return undefined;
      const twin = bySource.get(identityOf(letter.source));
      if (twin === undefined || twin.place === placeOf(letter)) return undefined;
      // One that died after another was discarded, since its group was moved back, is new to whoever discarded that.
      return twin.action === 'discarded' && letter.diedAtMs > twin.atMs ? undefined : twin;
    },
  };
}

/** Which record the dead letter of a note is of; `-` where that is not known. */
function sourceOf(note: Note): string {
  return note.action === 'redriven' ? note.source : note.identity.slice(0, note.identity.lastIndexOf('#'));
}
