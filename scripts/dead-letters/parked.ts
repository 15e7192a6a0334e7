import { messageOf } from '../../functions/runtime/errors.ts';
import { merged, type ParkedKey } from '../../functions/runtime/parking.ts';
import { parseNote, parseStateKey, requester } from '../../functions/runtime/parking-state.ts';
import { CommandError } from '../support/command.ts';
import type { Letter } from './letter.ts';
import { placeOf } from './letter.ts';

/** Which record of its key a dead letter stands for, and which one has to be handled before it; -1 for none. */
export interface LetterTurn {
  readonly offset: number;
  readonly after: number;
}

/**
 * The turns of dead letters among those of their keys, by place. `isOpen` says which are not through: those that wait, and
 * those that were redriven and are not known to be handled. A record that was redriven and died again stands where it
 * stood first.
 */
export function turnsOf(letters: readonly Letter[], isOpen: (letter: Letter) => boolean): Map<string, LetterTurn> {
  const turns = new Map<string, LetterTurn>();
  const keyed = letters.filter(({ keyed }) => keyed !== undefined);
  for (const own of Map.groupBy(keyed, ({ keyed }) => keyed?.key).values()) {
    let after = -1;
    const places = [...Map.groupBy(own, ({ keyed }) => keyed?.offset ?? 0)].sort(([a], [b]) => a - b);
    for (const [offset, there] of places) {
      for (const letter of there) turns.set(placeOf(letter), { offset, after });
      if (there.some(isOpen)) after = offset;
    }
  }
  return turns;
}

/** These, and all others of their keys: half of what waits of a key may not go back. */
export function withWholeKeys(chosen: readonly Letter[], waiting: readonly Letter[]): Letter[] {
  const keys = new Set(chosen.flatMap(({ keyed }) => keyed?.key ?? []));
  const those = new Set(chosen);
  const more = waiting.filter((letter) => keys.has(letter.keyed?.key ?? '') && !those.has(letter));
  return [...chosen, ...more];
}

/** A record of the topic of parked keys. */
export interface ParkedRecord {
  readonly partition: number;
  readonly key: Buffer;
  readonly value: Buffer | null;
}

/** Which key it is, and in which partition. */
export interface ParkedPlace {
  readonly topic: string;
  readonly partition: number;
  readonly functionName: string;
  /** One byte a character. */
  readonly name: string;
}

/** As dead letters name their keys. */
export const idOf = ({ topic, partition, functionName, name }: ParkedPlace): string =>
  `${topic}/${partition}/${functionName}/${name}`;

/** A parked key, and where its record is to be found. */
export interface ParkedEntry extends ParkedKey, ParkedPlace {}

/** What the topic holds of a key: what an owner wrote, or what this command asked. */
export interface ParkedNote extends ParkedPlace {
  /** As dead letters have it. */
  readonly id: string;
  readonly recordKey: Buffer;
  readonly value: Buffer;
  readonly isRequest: boolean;
}

/** The latest of each record that is there, whoever wrote it. */
export function parkedNotesOf(records: readonly ParkedRecord[]): ParkedNote[] {
  const latest = new Map(records.map((record) => [`${record.partition}/${record.key.toString('latin1')}`, record]));
  return [...latest.values()].flatMap(({ partition, key, value }) => {
    const [topic, functionName, owner, name] = parseStateKey(key) ?? [];
    if (value === null || topic === undefined || functionName === undefined || name === undefined) return [];
    const place = { topic, partition, functionName, name };
    return [{ ...place, id: idOf(place), recordKey: key, value, isRequest: owner === requester }];
  });
}

/** The keys that were ever parked, by the id that dead letters have: of what several owners have written, as the next one takes it. */
export function parkedKeysOf(notes: readonly ParkedNote[]): Map<string, ParkedEntry> {
  const found = new Map<string, ParkedEntry>();
  for (const { id, topic, partition, functionName, name, recordKey, value, isRequest } of notes) {
    if (isRequest) continue;
    const place = { topic, partition, functionName, name };
    found.set(id, { ...merged(found.get(id), readNote(partition, recordKey, value)), ...place });
  }
  return found;
}

/**
 * What this command asked and nobody needs any more: the key is released, or was never parked again. Left there, it would
 * release a key of a source that is made again under the same name.
 */
export function spentRequests(
  notes: readonly ParkedNote[],
  parked: ReadonlyMap<string, Pick<ParkedKey, 'released'>>,
): ParkedNote[] {
  return notes.filter(({ id, isRequest }) => isRequest && (parked.get(id)?.released ?? true));
}

/**
 * What a note says.
 * @throws CommandError that names it
 */
export function readNote(partition: number, key: Buffer, value: Buffer): ParkedKey {
  try {
    return parseNote(partition, key, value);
  } catch (error) {
    throw new CommandError(`the topic of parked keys cannot be taken: ${messageOf(error)}`);
  }
}

/**
 * Parked keys that nothing is open of: all their dead letters are handled or discarded, or retention has deleted them.
 * `isCommitted` says whether the group is past a record: then its dead letter, if it has one, was there to be read.
 */
export function releasable(
  parked: ReadonlyMap<string, ParkedEntry>,
  letters: readonly Letter[],
  isOpen: (letter: Letter) => boolean,
  isCommitted: (entry: ParkedEntry, offset: number) => boolean,
): ParkedEntry[] {
  const open = new Set(letters.filter((one) => one.keyed !== undefined && isOpen(one)).map(({ keyed }) => keyed?.key));
  return [...parked]
    .filter(
      ([id, entry]) => !entry.released && !open.has(id) && isCommitted(entry, Math.max(entry.last, entry.poison.at)),
    )
    .map(([, entry]) => entry);
}
