import { readCommitHistory } from '../../test/support/ledger/commit-history.ts';
import { violationsOf } from '../../test/support/ledger/format.ts';
import { judge } from '../../test/support/ledger/judge.ts';
import { headerOf, type LoggedRecord, type TopicLog } from '../../test/support/ledger/log.ts';
import { readTopics } from '../../test/support/ledger/reader.ts';
import type { RunTopics } from '../../test/support/ledger/topics.ts';
import type { FindingKind, Verdict } from '../../test/support/ledger/verdict.ts';
import type { Writer } from '../../test/support/ledger/writer.ts';
import type { Movements } from './standstill.ts';
import type { Doubled } from './uncommitted.ts';

/** What the brokers hold of a run that has ended. */
export interface Evidence {
  readonly verdict: Verdict;
  /** When records came in, when each partition moved, and the same without what was doubled. */
  readonly arrivals: Movements;
  readonly movements: Movements;
  readonly firsts: Movements;
  readonly doubled: readonly Doubled[];
  /** What makes the verdict worthless: the writer or the cluster do not hold what they said. */
  readonly problems: readonly string[];
}

/** Reads all topics and commits of a run, and has the ledger judge them; `kept`: the outputs of a topic that was deleted. */
export async function readEvidence(
  bootstrapServers: readonly string[],
  { source, output, deadLetters }: RunTopics,
  groupId: string,
  writer: Writer,
  kept?: TopicLog,
): Promise<Evidence> {
  const read = await readTopics(bootstrapServers, { source, outputs: output, deadLetters });
  const logs = { ...read, outputs: kept === undefined ? read.outputs : continued(kept, read.outputs) };
  const commitSamples = await readCommitHistory({ bootstrapServers, groupId, topic: source });
  const expectations = { fateOf: (record: LoggedRecord) => writer.fateOf(record), functionName: 'processor' };
  const dead = (partition: number): readonly LoggedRecord[] => logs.deadLetters.partitions[partition] ?? [];
  const outputs = logs.outputs.partitions;
  return {
    verdict: judge({ ...logs, commitSamples, expectations }),
    arrivals: logs.source.partitions.map(timesOf),
    movements: outputs.map((records, partition) => timesOf([...records, ...dead(partition)])),
    firsts: outputs.map((records, partition) => timesOf([...firstOf(records), ...dead(partition)])),
    doubled: outputs.flatMap(doubledOf),
    problems: writer
      .reconcile(logs.source)
      .problems.slice(0, 1)
      .map(({ at, detail }) => `the writer and the source topic differ: ${at} ${detail}`),
  };
}

/** A topic that was deleted and made again, as if it had gone on. */
function continued(before: TopicLog, after: TopicLog): TopicLog {
  const partitions = after.partitions.map((records, partition) => {
    const older = before.partitions[partition] ?? [];
    const end = (older.at(-1)?.offset ?? -1) + 1;
    return [...older, ...records.map((record) => ({ ...record, offset: record.offset + end }))];
  });
  return { ...after, partitions };
}

function timesOf(records: readonly { readonly timestampMs: number }[]): number[] {
  return records.map(({ timestampMs }) => timestampMs).sort((left, right) => left - right);
}

/** The outputs less those of a source record that has one already. */
function firstOf(outputs: readonly LoggedRecord[]): LoggedRecord[] {
  const seen = new Set<string | undefined>();
  return outputs.filter((output) => {
    const source = headerOf(output, 'source');
    if (seen.has(source)) return false;
    seen.add(source);
    return true;
  });
}

function doubledOf(outputs: readonly LoggedRecord[]): Doubled[] {
  const first = new Map<string | undefined, number>();
  return outputs.flatMap((output) => {
    const source = headerOf(output, 'source');
    const firstMs = first.get(source);
    if (firstMs !== undefined) return [{ firstMs, againMs: output.timestampMs }];
    first.set(source, output.timestampMs);
    return [];
  });
}

/** Those that have a place of their own in a report. */
const columns: readonly FindingKind[] = ['lost', 'duplicates', 'reordered', 'commitsAhead'];

/** The figures of a verdict that are reported. */
export function countsOf(verdict: Verdict) {
  const violations = violationsOf(verdict);
  return {
    counts: verdict.counts,
    lost: verdict.lost.total,
    doubled: verdict.duplicates.total,
    reordered: verdict.reordered.total,
    commitsAhead: verdict.commitsAhead.total,
    unaccounted: verdict.unaccounted,
    uncommitted: verdict.uncommitted,
    otherViolations: violations.filter((kind) => !columns.includes(kind)),
    examples: violations.flatMap((kind) => {
      const [example] = verdict[kind].examples;
      return example ? [`${kind}: ${example.at}: ${example.detail}`] : [];
    }),
  };
}
