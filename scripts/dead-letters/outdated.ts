import type { Target } from '../doctor/target.ts';
import { openClusterFacts } from '../support/kafka/cluster-facts.ts';
import type { AnsweringCluster } from '../support/kafka/group-look.ts';
import { readExtents } from '../support/kafka/offsets.ts';
import { placeOf } from './letter.ts';
import type { Look } from './look.ts';
import { otherKeys } from './other-keys.ts';
import { type ParkedNote, readNote } from './parked.ts';
import type { Stretch } from './scan.ts';

/** A source as it is now: what its partitions hold that could be read; 'gone': there is no such topic. */
export type Source = 'gone' | { readonly partitions: number; readonly extents: ReadonlyMap<number, Stretch> };

/** What is of a topic that is not there any more: deleted, and perhaps made again under its name. */
export interface Earlier {
  /** Ids of keys. Their notes hold offsets of that topic. */
  readonly outdated: ReadonlySet<string>;
  /** Places of dead letters. */
  readonly letters: ReadonlySet<string>;
}

const missing = 'UNKNOWN_TOPIC_OR_PARTITION';
export const nothingEarlier: Earlier = { outdated: new Set(), letters: new Set() };

/**
 * Looks for notes and dead letters of sources that were deleted. They hold offsets and no topic id. An offset behind
 * the end is of another topic for certain; so is one where a record of another key lies now. A topic that was made again, and has a record
 * of the same key there, cannot be told.
 */
export async function earlierThings(target: Target, cluster: AnsweringCluster, look: Look): Promise<Earlier> {
  if (look.parked === undefined) return nothingEarlier;
  const keyed = look.letters.filter((letter) => letter.keyed !== undefined);
  const names = new Set([
    ...look.notes.map(({ topic }) => topic),
    ...keyed.flatMap(({ source }) => source?.topic ?? []),
  ]);
  if (names.size === 0) return nothingEarlier;
  // After notes and letters were read: a topic only grows.
  const { facts, nodes } = await openClusterFacts(cluster.connections, target.bootstrapServers, [...names]);
  const sources = new Map<string, Source>();
  const outdated = new Set<string>();
  for (const topic of facts.topics) {
    if (topic.error === missing && (await allSayMissing(topic.name))) sources.set(topic.name, 'gone');
    if (topic.error !== undefined) continue;
    const extents = new Map(
      (await readExtents(topic, nodes, true)).map(({ partition, low, end }) => [partition, { from: low, to: end }]),
    );
    sources.set(topic.name, { partitions: topic.partitions.length, extents });
    const own = look.notes.filter((note) => note.topic === topic.name);
    for (const id of await otherKeys(topic, nodes, own, extents)) outdated.add(id);
  }
  for (const note of look.notes)
    if (isBehindEnd(sources.get(note.topic), note.partition, reachOf(note))) outdated.add(note.id);
  const letters = keyed.filter(
    ({ source }) => source && isBehindEnd(sources.get(source.topic), source.partition, source.offset),
  );
  return { outdated, letters: new Set(letters.map(placeOf)) };

  /** A broker that has not heard of a topic yet says that there is none: all of the cluster have to, named or not. */
  async function allSayMissing(name: string): Promise<boolean> {
    const servers = new Set([...target.bootstrapServers, ...facts.brokers.flatMap(({ address }) => address ?? [])]);
    const asked = [...servers].map((server) => openClusterFacts(cluster.connections, [server], [name]));
    const answers = await Promise.allSettled(asked);
    return answers.every(
      (one) => one.status === 'fulfilled' && one.value.facts.topics.every((topic) => topic.error === missing),
    );
  }
}

/** Whether a topic cannot have had a record at an offset. What is not known could. */
export function isBehindEnd(source: Source | undefined, partition: number, offset: number): boolean {
  if (source === undefined || source === 'gone') return source === 'gone';
  const to = source.extents.get(partition)?.to;
  return partition >= source.partitions || (to !== undefined && offset >= to);
}

/** The last offset that a note names. */
function reachOf({ partition, recordKey, value, isRequest }: ParkedNote): number {
  const { last, poison } = readNote(partition, recordKey, value);
  return isRequest ? last : Math.max(last, poison.at);
}
