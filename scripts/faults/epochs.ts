import type { CommitSample, Fate, LoggedRecord, TopicLog } from '../../test/support/ledger/log.ts';
import type { Writer } from '../../test/support/ledger/writer.ts';

/** What a writer knows of what it wrote. */
export type Fates = Pick<Writer, 'fateOf' | 'reconcile'>;

/** The source topic from one making of it to its deletion, or to the end of the run. */
export interface Epoch {
  readonly source: TopicLog;
  readonly writer: Fates;
  /** What brokers stored before this moment is about this topic; what they stored from then on is about the next one. */
  readonly untilMs: number;
}

/** What came of a topic's records, as brokers stored it. */
export interface Consequences {
  readonly outputs: TopicLog;
  readonly deadLetters: TopicLog;
  readonly commitSamples: readonly CommitSample[];
}

/**
 * What was stored from one moment until before another. The coordinates of a topic that is made again are those of the one
 * that was deleted: only time tells whose an output is.
 */
export function between({ outputs, deadLetters, commitSamples }: Consequences, fromMs: number, untilMs: number) {
  const within = (atMs: number): boolean => atMs >= fromMs && atMs < untilMs;
  const cut = ({ topic, partitions }: TopicLog): TopicLog => ({
    topic,
    partitions: partitions.map((records) => records.filter(({ timestampMs }) => within(timestampMs))),
  });
  return {
    ...{ outputs: cut(outputs), deadLetters: cut(deadLetters) },
    // Kafka forgets the commits on a topic that is deleted, which is no step back.
    commitSamples: commitSamples.filter(({ offset, atMs }) => offset >= 0 && within(atMs)),
  };
}

/**
 * What had to become of a record of a topic that was deleted: where the group had committed past it, what its writer says.
 * Of the others some were done and some not when the topic went, which is nobody's fault but the operator's.
 */
export function fatesOfDeleted(
  writer: Fates,
  commitSamples: readonly CommitSample[],
  came: Iterable<Place | undefined>,
): (record: LoggedRecord, partition: number) => Fate | undefined {
  const ends = new Map<number, number>();
  for (const { partition, offset } of commitSamples) ends.set(partition, Math.max(ends.get(partition) ?? 0, offset));
  const done = new Set<string>();
  for (const place of came) if (place) done.add(`${place.partition}/${place.offset}`);
  return (record, partition) => {
    const due = record.offset < (ends.get(partition) ?? 0) || done.has(`${partition}/${record.offset}`);
    return due ? writer.fateOf(record) : 'filtered';
  };
}

interface Place {
  readonly partition: number;
  readonly offset: number;
}
