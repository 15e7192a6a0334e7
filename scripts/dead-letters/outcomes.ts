import { setTimeout as delay } from 'node:timers/promises';
import type { Target } from '../doctor/target.ts';
import { type OpenedCluster, openClusterFacts, type TopicFacts } from '../support/kafka/cluster-facts.ts';
import type { Connections } from '../support/kafka/connections.ts';
import { coordinatorOf, isCoordinatorAway } from '../support/kafka/group-look.ts';
import { readCommitted } from '../support/kafka/offsets.ts';
import { type Letter, sourceText } from './letter.ts';
import type { Note } from './note.ts';

export type RedriveNote = Note & { readonly action: 'redriven' };

/**
 * What became of a redriven record, as far as can be known: `handled` when its group has committed past it and no dead
 * letter of it is there (a move of the group's offsets looks the same); `dead again` when one is; `not yet` when the group has not
 * come so far; `unknown` when the group has committed nothing there, or the topic is gone.
 */
export type Fate = 'handled' | 'dead again' | 'not yet' | 'unknown';

export interface Outcome {
  readonly note: RedriveNote;
  readonly fate: Fate;
  /** The dead letter of a record that died again. */
  readonly letter?: Letter;
}

/** How far groups are: by group, and `topic/partition`. */
export type Positions = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** The notes of redrives among others. */
export function redriveNotes(notes: readonly Note[]): RedriveNote[] {
  return notes.filter((note): note is RedriveNote => note.action === 'redriven');
}

/** Where a redriven record lies now. */
export function newPlaceOf({ source, offset }: RedriveNote): { topic: string; partition: number; offset: number } {
  const [, topic = '', partition = ''] = /^(.*)\/(\d+)\/\d+@-?\d+$/.exec(source) ?? [];
  return { topic, partition: Number(partition), offset };
}

/**
 * What became of each. `letters` must have been read after `positions`: a dead letter is written before the group commits
 * past its record.
 */
export function outcomesOf(notes: readonly RedriveNote[], positions: Positions, letters: readonly Letter[]): Outcome[] {
  const dead = new Map(letters.flatMap((one) => (one.source ? [[sourceText(one.source), one] as const] : [])));
  return notes.map((note): Outcome => {
    const { topic, partition, offset } = newPlaceOf(note);
    const letter = dead.get(`${topic}/${partition}/${offset}`);
    if (letter !== undefined) return { note, fate: 'dead again', letter };
    const at = positions.get(note.group)?.get(`${topic}/${partition}`);
    if (at === undefined) return { note, fate: 'unknown' };
    return { note, fate: at > offset ? 'handled' : 'not yet' };
  });
}

/** How far the groups are in the topics that the notes name. */
export async function readPositions(
  target: Target,
  cluster: OpenedCluster & { readonly connections: Connections },
  notes: readonly RedriveNote[],
): Promise<Positions> {
  const wanted = new Map<string, Set<string>>();
  for (const note of notes) {
    const topics = wanted.get(note.group) ?? new Set();
    wanted.set(note.group, topics.add(newPlaceOf(note).topic));
  }
  return await positionsOf(target, cluster, wanted);
}

/** How far groups are in topics. */
export async function positionsOf(
  target: Target,
  cluster: OpenedCluster & { readonly connections: Connections },
  wanted: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<Positions> {
  const topics = await topicsOf(target, cluster, [...new Set([...wanted.values()].flatMap((names) => [...names]))]);
  const positions = new Map<string, Map<string, number>>();
  for (const [group, names] of wanted) {
    const own = new Map<string, number>();
    for (const name of names) {
      const topic = topics.get(name);
      if (topic === undefined) continue;
      for (const [partition, offset] of await committedBy(cluster, group, topic)) {
        own.set(`${name}/${partition}`, offset);
      }
    }
    positions.set(group, own);
  }
  return positions;
}

const patienceMs = 5_000;

/** A coordinator that has just been chosen does not know of it yet. */
async function committedBy(cluster: OpenedCluster, group: string, topic: TopicFacts): Promise<Map<number, number>> {
  for (const until = Date.now() + patienceMs; ; await delay(200)) {
    const { coordinator } = await coordinatorOf(cluster, group);
    try {
      return await readCommitted(coordinator, group, topic);
    } catch (error) {
      const reason = error instanceof Error ? error.message : '';
      // Of a group that this user may not see nothing is known.
      if (reason.endsWith('AUTHORIZATION_FAILED')) return new Map();
      if (!isCoordinatorAway(reason) || Date.now() > until) throw error;
    }
  }
}

/** The facts of the topics among these that exist. */
export async function topicsOf(
  target: Target,
  { connections }: { readonly connections: Connections },
  names: readonly string[],
): Promise<Map<string, TopicFacts>> {
  if (names.length === 0) return new Map();
  const { facts } = await openClusterFacts(connections, target.bootstrapServers, names);
  return new Map(facts.topics.filter(({ error }) => error === undefined).map((topic) => [topic.name, topic]));
}
