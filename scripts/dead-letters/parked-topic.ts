import { parkedTopicOf } from '../../functions/runtime/parking.ts';
import type { Target } from '../doctor/target.ts';
import type { OpenedCluster } from '../support/kafka/cluster-facts.ts';
import { type AnsweringCluster, wholeTopic } from '../support/kafka/group-look.ts';
import { handlersOf, heldUpBy } from './groups.ts';
import { type Letter, placeOf } from './letter.ts';
import type { Look } from './look.ts';
import { newPlaceOf, positionsOf } from './outcomes.ts';
import type { Earlier } from './outdated.ts';
import {
  type LetterTurn,
  type ParkedEntry,
  type ParkedNote,
  type ParkedRecord,
  parkedNotesOf,
  turnsOf,
} from './parked.ts';
import { readBody } from './raw-headers.ts';
import { scan, wholeExtent } from './scan.ts';
import { stateOf } from './select.ts';

/** What is noted of the keys of a dead-letter topic; undefined: no function of it parks any. */
export async function readParked(
  cluster: OpenedCluster,
  deadLetters: string,
): Promise<readonly ParkedNote[] | undefined> {
  const name = parkedTopicOf(deadLetters);
  const facts = cluster.facts.topics.find((one) => one.name === name);
  if (facts === undefined || facts.error === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
  const topic = wholeTopic(cluster, name);
  const records: ParkedRecord[] = [];
  await scan(topic, cluster.nodes, await wholeExtent(topic, cluster.nodes), (partition, { body }) => {
    const { key, value } = readBody(Buffer.from(body));
    if (key !== null) records.push({ partition, key, value });
  });
  return parkedNotesOf(records);
}

/** The order of what waits, where keys are parked. */
export interface KeyOrder {
  /** Not known to be through: it waits, or was redriven and its group is not past it. */
  isOpen(letter: Letter): boolean;
  /** Its turn; or why its key cannot go back now; undefined: it has no key, or nobody parks it. */
  turnOf(letter: Letter): LetterTurn | string | undefined;
  isCommitted(entry: ParkedEntry, offset: number): boolean;
}

const outdatedReason =
  'its key is parked by a note of a topic that was deleted and made again: stop the function, and clear it with unpark --apply';

/** How far the functions' groups are tells what may go back: `group` is the one that was named. */
export async function orderOfKeys(
  target: Target,
  cluster: AnsweringCluster,
  look: Look,
  group: string | undefined,
  earlier: Earlier,
): Promise<KeyOrder> {
  // Dead letters of a topic before have no turn in the one that is there now: they go back as they are, before all others.
  const current = look.letters.filter((letter) => !earlier.letters.has(placeOf(letter)));
  const keyed = current.filter((letter) => letter.keyed !== undefined);
  const places = [
    ...keyed.map((letter) => ({ functionName: letter.cause.functionName, topic: letter.source?.topic ?? '' })),
    ...(look.parked?.values() ?? []),
  ];
  const handlers = await handlersOf(new Set(places.map(({ functionName }) => functionName)), group);
  const wanted = new Map<string, Set<string>>();
  for (const { functionName, topic } of places) {
    const { named, own } = handlers.get(functionName) ?? {};
    for (const one of [named, own]) {
      if (one !== undefined) wanted.set(one, (wanted.get(one) ?? new Set()).add(topic));
    }
  }
  const positions = await positionsOf(target, cluster, wanted);
  const heldUp = (functionName: string, topic: string, partition: number, offset: number): string | undefined =>
    heldUpBy(handlers.get(functionName) ?? {}, (name) => positions.get(name)?.get(`${topic}/${partition}`), offset);

  const outcomes = new Map(look.outcomes.map((one) => [one.note, one]));
  const noted = (letter: Letter) => {
    const note = look.journal.noteOf(letter);
    return note?.action === 'redriven' ? outcomes.get(note) : undefined;
  };
  const isOpen = (letter: Letter): boolean => {
    const fate = noted(letter)?.fate;
    return stateOf(letter, look.journal) === 'waiting' || fate === 'not yet' || fate === 'unknown';
  };
  const turns = turnsOf(current, isOpen);
  /** By key: the last of its records that has to be committed before any goes back. */
  const ends = new Map<string, number>();
  for (const letter of keyed) {
    const outcome = noted(letter);
    const last = Math.max(letter.source?.offset ?? -1, outcome === undefined ? -1 : newPlaceOf(outcome.note).offset);
    const key = letter.keyed?.key ?? '';
    ends.set(key, Math.max(last, ends.get(key) ?? -1));
  }
  return {
    isOpen,
    turnOf(letter) {
      const { source, cause } = letter;
      if (letter.keyed !== undefined && earlier.outdated.has(letter.keyed.key)) return outdatedReason;
      const turn = turns.get(placeOf(letter));
      if (turn === undefined || source === undefined || letter.keyed === undefined) return undefined;
      const end = ends.get(letter.keyed.key) ?? -1;
      const reason = heldUp(cause.functionName, source.topic, source.partition, end);
      return reason === undefined ? turn : `${reason} (${source.topic}/${source.partition}/${end})`;
    },
    isCommitted: ({ functionName, topic, partition }, offset) =>
      heldUp(functionName, topic, partition, offset) === undefined,
  };
}
