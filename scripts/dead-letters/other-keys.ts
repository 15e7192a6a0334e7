import type { InflateBudget } from '../../functions/kafka/wire/inflate.ts';
import { CommandError } from '../support/command.ts';
import type { TopicFacts } from '../support/kafka/cluster-facts.ts';
import { PassingError } from '../support/kafka/fetch-round.ts';
import type { AnsweringCluster } from '../support/kafka/group-look.ts';
import { type ParkedNote, readNote } from './parked.ts';
import { type Stretch, scan } from './scan.ts';

/** Those beyond are taken for what they say. */
const mostOfPartition = 10;
/** Of a source anybody may write to. What a batch inflates to beyond this is not looked at, nor is any after it. */
const inflateBudgetBytes = 268_435_456;

/**
 * Ids of notes where a record of another key lies now. Of what may not or cannot be read nothing is known: a redrive takes no
 * right to read its source, and a leader that moves is no reason to end a command. One batch of each is fetched, and of that
 * one record is made.
 */
export async function otherKeys(
  topic: TopicFacts,
  nodes: AnsweringCluster['nodes'],
  notes: readonly ParkedNote[],
  extents: ReadonlyMap<number, Stretch>,
): Promise<string[]> {
  const budget: InflateBudget = { left: inflateBudgetBytes, room: Number.POSITIVE_INFINITY };
  const found: string[] = [];

  async function probe(partition: number, offset: number, { id, name }: ParkedNote): Promise<void> {
    const stretches = new Map([[partition, { from: offset, to: offset + 1 }]]);
    const look = (_: number, record: { readonly key: Buffer | null }): void => {
      if (record.key?.toString('latin1') !== name) found.push(id);
    };
    await scan(topic, nodes, stretches, look, { partitionBytes: 1, budget });
  }

  const partitions = [...Map.groupBy(notes, ({ partition }) => partition)].map(async ([partition, own]) => {
    try {
      for (const [offset, note] of heldOf(own, extents.get(partition))) await probe(partition, offset, note);
    } catch (error) {
      if (!(error instanceof CommandError || error instanceof PassingError)) throw error;
    }
  });
  await Promise.all(partitions);
  return found;
}

/** What its owner has noted of keys, by the offset of the record that died, as far as the partition holds one there. */
function heldOf(notes: readonly ParkedNote[], held: Stretch | undefined): [offset: number, note: ParkedNote][] {
  if (held === undefined) return [];
  return notes
    .filter(({ isRequest }) => !isRequest)
    .map((note): [number, ParkedNote] => [readNote(note.partition, note.recordKey, note.value).poison.at, note])
    .filter(([offset]) => offset >= held.from && offset < held.to)
    .slice(0, mostOfPartition);
}
