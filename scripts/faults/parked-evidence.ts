import { parseSource } from '../../test/support/ledger/book.ts';
import { judge } from '../../test/support/ledger/judge.ts';
import { type CommitSample, headerOf, type LoggedRecord, type TopicLog } from '../../test/support/ledger/log.ts';
import type { Verdict } from '../../test/support/ledger/verdict.ts';
import type { Fates } from './epochs.ts';

/** What the brokers hold of a run whose dead letters were redriven. */
export interface RedrivenRun {
  /** As it lies there: with the records of redrives, and without an offset for the marker of each transaction. */
  readonly source: TopicLog;
  readonly outputs: TopicLog;
  readonly deadLetters: TopicLog;
  readonly commitSamples: readonly CommitSample[];
}

/** Where a record of a partition lies, and which one it stands for. */
interface Place {
  /** Among those of its partition: the ledger wants no gaps. */
  readonly index: number;
  /** Of the record as it was written first. */
  readonly first: number;
  readonly isRedriven: boolean;
}

/**
 * The verdict on such a run. Judged twice: every record that lies there has an end, dead letters included, and nothing was
 * committed ahead of that; and every record that was written has an output in the end, once, in the order of its key,
 * whatever it went through.
 */
export function judgeRedriven(run: RedrivenRun, writer: Pick<Fates, 'fateOf'>, functionName: string): Verdict {
  const { source, outputs, deadLetters, commitSamples } = run;
  const places = source.partitions.map(placesOf);
  const placeOf = (record: LoggedRecord): { partition: number; place: Place } | undefined => {
    const at = parseSource(headerOf(record, 'source'));
    const place = at && places[at.partition]?.get(at.offset);
    return at && place && { partition: at.partition, place };
  };
  const moved = (log: TopicLog, headersOf: (record: LoggedRecord) => LoggedRecord['headers']): TopicLog => ({
    ...log,
    partitions: log.partitions.map((records) => records.map((record) => ({ ...record, headers: headersOf(record) }))),
  });
  const outputsAt = (offset: (place: Place) => number): TopicLog =>
    moved(outputs, (record) => {
      const found = placeOf(record);
      if (found === undefined) return record.headers;
      return { ...record.headers, source: `${source.topic}/${found.partition}/${offset(found.place)}` };
    });

  const stations = judge({
    source: {
      ...source,
      partitions: source.partitions.map((records) => records.map((record, offset) => ({ ...record, offset }))),
    },
    outputs: outputsAt(({ index }) => index),
    deadLetters: moved(deadLetters, (record) => {
      const partition = Number(headerOf(record, 'error.partition'));
      const place = places[partition]?.get(Number(headerOf(record, 'error.offset')));
      return place === undefined ? record.headers : { ...record.headers, 'error.offset': String(place.index) };
    }),
    commitSamples: commitSamples.map((sample) => ({
      ...sample,
      offset: sample.offset < 0 ? sample.offset : before(source.partitions[sample.partition] ?? [], sample.offset),
    })),
    expectations: { fateOf: () => undefined, functionName },
  });
  const whole = judge({
    source: {
      ...source,
      partitions: source.partitions.map((records, partition) =>
        records.filter(({ offset }) => places[partition]?.get(offset)?.isRedriven === false),
      ),
    },
    outputs: outputsAt(({ first }) => first),
    // What was redriven is not dead for good; whatever has no output is lost.
    commitSamples: [],
    expectations: { fateOf: (record) => writer.fateOf(record) },
  });
  return {
    ...whole,
    counts: { ...stations.counts, inputs: whole.counts.inputs },
    ...{ commitsAhead: stations.commitsAhead, commitsBackwards: stations.commitsBackwards },
    ...{ uncommitted: stations.uncommitted, invented: stations.invented },
    ...{ wrongBytes: stations.wrongBytes, wrongPartition: stations.wrongPartition },
    unaccounted: whole.unaccounted + stations.unaccounted,
  };
}

/** Records that are not of a redrive were all written before: they lie where they were written first. */
function placesOf(records: readonly LoggedRecord[]): Map<number, Place> {
  return new Map(
    records.map((record, index) => {
      const isRedriven = Object.hasOwn(record.headers, 'redrive.count');
      const [, first] = /\/(\d+)\/(?:-1|\d+)$/.exec(headerOf(record, 'redrive.order') ?? '') ?? [];
      return [record.offset, { index, first: first === undefined ? record.offset : Number(first), isRedriven }];
    }),
  );
}

/** How many records lie before an offset. */
function before(records: readonly LoggedRecord[], offset: number): number {
  let [from, to] = [0, records.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((records[middle]?.offset ?? 0) < offset) from = middle + 1;
    else to = middle;
  }
  return from;
}
