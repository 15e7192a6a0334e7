import { parkedTopicOf } from '../../functions/runtime/parking.ts';
import type { Target } from '../doctor/target.ts';
import type { TopicFacts } from '../support/kafka/cluster-facts.ts';
import { type AnsweringCluster, wholeTopic, withCluster } from '../support/kafka/group-look.ts';
import { journalName, readJournal } from './journal.ts';
import { createLetterReader, type Letter } from './letter.ts';
import type { Journal } from './note.ts';
import { type Outcome, outcomesOf, readPositions, redriveNotes } from './outcomes.ts';
import { type ParkedEntry, type ParkedNote, parkedKeysOf } from './parked.ts';
import { readParked } from './parked-topic.ts';
import { type Stretch, scan, wholeExtent } from './scan.ts';

/** A dead-letter topic, all of it, and what was done with its records. */
export interface Look {
  readonly topic: TopicFacts;
  readonly letters: readonly Letter[];
  readonly journal: Journal;
  /** Of all that were ever redriven. */
  readonly outcomes: readonly Outcome[];
  /** What the topic held at this time, by partition. */
  readonly held: ReadonlyMap<number, Stretch>;
  /** What was ever parked; undefined where no function parks keys. */
  readonly parked: ReadonlyMap<string, ParkedEntry> | undefined;
  /** Everything that is noted of keys, requests of this command too. */
  readonly notes: readonly ParkedNote[];
}

/** Works on a cluster that has the dead-letter topic. */
export async function withDeadLetters<Result>(
  target: Target,
  work: (cluster: AnsweringCluster, topic: TopicFacts) => Promise<Result>,
): Promise<Result> {
  const name = target.deadLetterTopic;
  return await withCluster(target, [name, journalName(name), parkedTopicOf(name)], (cluster) =>
    work(cluster, wholeTopic(cluster, name)),
  );
}

/** Looks at all of it. `key` is the one that letters are to be told apart by. */
export async function lookAtAll(
  target: Target,
  cluster: AnsweringCluster,
  topic: TopicFacts,
  key: Buffer | undefined,
): Promise<Look> {
  const journal = await readJournal(cluster, topic.name);
  const redriven = redriveNotes(journal.notes);
  const positions = await readPositions(target, cluster, redriven);
  // Before the letters: that a key is parked is noted before they are written.
  const found = await readParked(cluster, topic.name);
  const parked = found && parkedKeysOf(found);
  const held = await wholeExtent(topic, cluster.nodes);
  const letters: Letter[] = [];
  const read = createLetterReader(key, parked !== undefined);
  await scan(topic, cluster.nodes, held, (partition, record) => void letters.push(read(partition, record)));
  const outcomes = outcomesOf(redriven, positions, letters);
  return { topic, letters, journal, held, parked, notes: found ?? [], outcomes };
}
