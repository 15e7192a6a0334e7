import { coordinatesOf, parseSource } from '../../test/support/ledger/book.ts';
import { readCommitHistory } from '../../test/support/ledger/commit-history.ts';
import { violationsOf } from '../../test/support/ledger/format.ts';
import { type Expectations, judge } from '../../test/support/ledger/judge.ts';
import { headerOf, type LoggedRecord, type TopicLog } from '../../test/support/ledger/log.ts';
import { readTopics } from '../../test/support/ledger/reader.ts';
import type { RunTopics } from '../../test/support/ledger/topics.ts';
import type { FindingKind, Verdict } from '../../test/support/ledger/verdict.ts';
import type { Writer } from '../../test/support/ledger/writer.ts';
import { between, type Consequences, type Epoch, fatesOfDeleted } from './epochs.ts';
import { fatesWithRemoved, type Operated, ofMembers, withRemoved } from './operated.ts';
import { judgeRedriven } from './parked-evidence.ts';
import { parkingFunction } from './parking.ts';
import type { Movements } from './standstill.ts';
import type { Doubled } from './uncommitted.ts';

/** What the brokers hold of a run that has ended. */
export interface Evidence {
  /** Of each source topic that there was: one, unless it was deleted and made again. */
  readonly verdicts: readonly Verdict[];
  /** When records came in, when each partition moved, and the same without what was doubled. */
  readonly arrivals: Movements;
  readonly movements: Movements;
  readonly firsts: Movements;
  readonly doubled: readonly Doubled[];
  /** What makes the verdict worthless: the writer or the cluster do not hold what they said. */
  readonly problems: readonly string[];
}

/** What was read of topics before they were deleted. */
export interface Kept {
  readonly outputs?: TopicLog | undefined;
  readonly epoch?: Epoch | undefined;
  readonly operated?: Operated | undefined;
}

const leastReadMs = 60_000;
const readPerMs = 5;

/** Reads all topics and commits of a run, and has the ledger judge them. */
export async function readEvidence(
  bootstrapServers: readonly string[],
  { source, output, deadLetters }: RunTopics,
  groupId: string,
  writer: Writer,
  kept: Kept = {},
  redriven = false,
): Promise<Evidence> {
  // A backlog of millions takes minutes to read.
  const timeoutMs = leastReadMs + writer.sent / readPerMs;
  const read = await readTopics(
    bootstrapServers,
    { source, outputs: output, deadLetters },
    { timeoutMs, gapsAllowed: redriven },
  );
  const outputs = kept.outputs === undefined ? read.outputs : continued(kept.outputs, read.outputs);
  const commits = await readCommitHistory({ bootstrapServers, groupId, topic: source });
  const { operated } = kept;
  const commitSamples = operated ? ofMembers(operated, commits) : commits;
  const now = operated ? withRemoved(operated, read.source) : read.source;
  const all: Consequences = { outputs, deadLetters: read.deadLetters, commitSamples };
  const remadeAtMs = kept.epoch?.untilMs ?? Number.NEGATIVE_INFINITY;
  const last: Epoch = { source: now, writer, untilMs: Number.POSITIVE_INFINITY };
  const epochs = [...(kept.epoch ? [kept.epoch] : []), last];
  const before = kept.epoch?.source.partitions ?? [];
  const dead = (partition: number): readonly LoggedRecord[] => read.deadLetters.partitions[partition] ?? [];
  // By time as well: coordinates come again with the topic.
  const firsts = [between(all, Number.NEGATIVE_INFINITY, remadeAtMs), between(all, remadeAtMs, last.untilMs)].map(
    (part) => part.outputs.partitions,
  );
  return {
    verdicts: [
      ...(kept.epoch ? [verdictOfDeleted(kept.epoch, between(all, Number.NEGATIVE_INFINITY, remadeAtMs))] : []),
      redriven
        ? judgeRedriven({ source: read.source, ...all }, writer, parkingFunction)
        : judge({
            source: now,
            ...(kept.epoch ? between(all, remadeAtMs, last.untilMs) : all),
            ...expecting(operated ? { fateOf: fatesWithRemoved(operated, writer) } : writer),
          }),
    ],
    arrivals: now.partitions.map((records, partition) => timesOf([...(before[partition] ?? []), ...records])),
    movements: outputs.partitions.map((records, partition) => timesOf([...records, ...dead(partition)])),
    firsts: outputs.partitions.map((_, partition) =>
      timesOf([...firsts.flatMap((part) => firstOf(part[partition] ?? [])), ...dead(partition)]),
    ),
    doubled: firsts.flatMap((part) => part.flatMap(doubledOf)),
    problems: epochs.flatMap((epoch) =>
      epoch.writer
        .reconcile(epoch.source)
        .problems.slice(0, 1)
        .map(({ at, detail }) => `the writer and the source topic differ: ${at} ${detail}`),
    ),
  };
}

const expecting = ({ fateOf }: Pick<Expectations, 'fateOf'>) => ({
  expectations: { fateOf, functionName: 'processor' },
});

/** Of a topic that was deleted: its commits are gone with it, so that none is missing. */
function verdictOfDeleted({ source, writer }: Epoch, came: Consequences): Verdict {
  const { outputs, deadLetters } = came;
  const places = [
    ...outputs.partitions.flat().map((record) => parseSource(headerOf(record, 'source'))),
    ...deadLetters.partitions
      .flat()
      .map((record) =>
        coordinatesOf(
          headerOf(record, 'error.topic'),
          headerOf(record, 'error.partition'),
          headerOf(record, 'error.offset'),
        ),
      ),
  ];
  const fateOf = fatesOfDeleted(writer, came.commitSamples, places);
  const verdict = judge({ source, ...came, expectations: { ...expecting(writer).expectations, fateOf } });
  return { ...verdict, uncommitted: 0 };
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

/** The figures of verdicts that are reported: what they come to together. */
export function countsOf(verdicts: readonly Verdict[]) {
  const sum = (of: (verdict: Verdict) => number): number => verdicts.reduce((total, one) => total + of(one), 0);
  const violations = verdicts.flatMap((verdict) => violationsOf(verdict).map((kind) => ({ verdict, kind })));
  return {
    counts: {
      inputs: sum(({ counts }) => counts.inputs),
      outputs: sum(({ counts }) => counts.outputs),
      deadLetters: sum(({ counts }) => counts.deadLetters),
      distinctOutputs: sum(({ counts }) => counts.distinctOutputs),
      distinctDeadLetters: sum(({ counts }) => counts.distinctDeadLetters),
      filtered: sum(({ counts }) => counts.filtered),
      commits: sum(({ counts }) => counts.commits),
    },
    lost: sum(({ lost }) => lost.total),
    doubled: sum(({ duplicates }) => duplicates.total),
    reordered: sum(({ reordered }) => reordered.total),
    commitsAhead: sum(({ commitsAhead }) => commitsAhead.total),
    unaccounted: sum(({ unaccounted }) => unaccounted),
    uncommitted: sum(({ uncommitted }) => uncommitted),
    otherViolations: [...new Set(violations.map(({ kind }) => kind).filter((kind) => !columns.includes(kind)))],
    examples: violations.flatMap(({ verdict, kind }) => {
      const [example] = verdict[kind].examples;
      return example ? [`${kind}: ${example.at}: ${example.detail}`] : [];
    }),
  };
}
