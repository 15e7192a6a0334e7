import type { CommitSample, Fate, LoggedRecord, TopicLog } from '../../test/support/ledger/log.ts';
import type { Writer } from '../../test/support/ledger/writer.ts';

/** What an operator did to the source topic and to the group's offsets, while the group had no member. */
export interface Operated {
  /** The source topic as it was before. */
  readonly source: TopicLog;
  /** Records that were removed before anyone read them, by partition: from where the group stood to the first that is left. */
  readonly removed: ReadonlyMap<number, { readonly from: number; readonly to: number }>;
  /** Offsets that were committed from outside, and when: no member has to answer for them. */
  readonly commits: readonly OperatorCommit[];
}

export interface OperatorCommit {
  readonly partition: number;
  readonly offset: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The source topic with what was removed from it, `now` being what is left. */
export function withRemoved({ source, removed }: Operated, now: TopicLog): TopicLog {
  const partitions = now.partitions.map((records, partition) => {
    const end = removed.get(partition)?.to;
    if (end === undefined) return records;
    return [...(source.partitions[partition] ?? []).filter(({ offset }) => offset < end), ...records];
  });
  return { ...now, partitions };
}

/** The commits of members. */
export function ofMembers({ commits }: Operated, samples: readonly CommitSample[]): CommitSample[] {
  return samples.filter(
    ({ partition, offset, atMs }) =>
      !commits.some(
        (one) =>
          one.partition === partition && one.offset === offset && atMs >= one.fromMs - 1 && atMs <= one.untilMs + 1,
      ),
  );
}

/** What was removed unread must not have come to anything; of all else the writer says what must become of it. */
export function fatesWithRemoved(
  { removed }: Operated,
  writer: Pick<Writer, 'fateOf'>,
): (record: LoggedRecord, partition: number) => Fate | undefined {
  return (record, partition) => {
    const gone = removed.get(partition);
    return gone && record.offset >= gone.from && record.offset < gone.to ? 'filtered' : writer.fateOf(record);
  };
}
