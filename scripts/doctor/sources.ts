import { count, ranges } from '../support/words.ts';
import type { Finding } from './finding.ts';
import type { SampledRecord } from './records.ts';

/** The coordinates in a `source` header. */
export interface Source {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** What the `source` headers of a sample of outputs say. */
export interface SourceReport {
  readonly sampled: number;
  /** Records whose header is absent, or is not what the contract says. */
  readonly unsourced: number;
  /** Records that come from another topic. */
  readonly foreign: number;
  /** Records whose input had an output already, by the input's partition. */
  readonly doubled: readonly { readonly partition: number; readonly records: number }[];
  /** Records that come after an output of a later input, by the input's partition. */
  readonly disordered: readonly { readonly partition: number; readonly records: number }[];
  /** Records in a partition that is not their input's, modulo the count of the output topic. */
  readonly misplaced: number;
}

/** `<topic>/<partition>/<offset>`, or undefined. */
export function parseSource(header: string | undefined): Source | undefined {
  const match = /^([A-Za-z0-9._-]{1,249})\/(\d{1,9})\/(\d{1,15})$/.exec(header ?? '');
  return match?.[1] === undefined
    ? undefined
    : { topic: match[1], partition: Number(match[2]), offset: Number(match[3]) };
}

/**
 * Reads the headers of outputs, given in order of partition and offset. An output that is older than all of its source
 * partition in the sample is taken for a redelivery whose first copy lies before the sample, not for broken order.
 */
export function inspectSources(
  records: readonly SampledRecord[],
  topic: string,
  outputPartitions: number,
): SourceReport {
  const seen = new Map<number, { first: number; last: number; offsets: Set<number> }>();
  const doubled = new Map<number, number>();
  const disordered = new Map<number, number>();
  let [unsourced, foreign, misplaced] = [0, 0, 0];
  for (const record of records) {
    const source = parseSource(record.headers.source);
    if (!source) unsourced += 1;
    else if (source.topic !== topic) foreign += 1;
    else {
      const { partition, offset } = source;
      if (partition % outputPartitions !== record.partition) misplaced += 1;
      const before = seen.get(partition) ?? { first: offset, last: -1, offsets: new Set<number>() };
      if (before.offsets.has(offset)) doubled.set(partition, (doubled.get(partition) ?? 0) + 1);
      else if (offset < before.last && offset > before.first) {
        disordered.set(partition, (disordered.get(partition) ?? 0) + 1);
      }
      before.offsets.add(offset);
      seen.set(partition, { ...before, last: Math.max(before.last, offset) });
    }
  }
  return {
    sampled: records.length,
    unsourced,
    foreign,
    misplaced,
    doubled: listed(doubled),
    disordered: listed(disordered),
  };
}

function listed(counts: ReadonlyMap<number, number>): { partition: number; records: number }[] {
  return [...counts].map(([partition, records]) => ({ partition, records })).sort((a, b) => a.partition - b.partition);
}

/** What a reader of the output must know. */
export function diagnoseSources(report: SourceReport, outputTopic: string, topic: string): Finding[] {
  const found = (severity: Finding['severity'], what: string, cause: string, remedy: string): Finding[] => [
    { severity, area: 'records', what, cause, remedy },
  ];
  const total = (rows: SourceReport['doubled']) => rows.reduce((sum, { records }) => sum + records, 0);
  const of = `of the last ${count(report.sampled, 'record')} of ${outputTopic}`;
  const partitions = (rows: SourceReport['doubled']) =>
    `from partitions ${ranges(rows.map(({ partition }) => partition))} of ${topic}`;
  return [
    ...(report.disordered.length === 0
      ? []
      : found(
          'problem',
          `${total(report.disordered)} ${of} are out of order, ${partitions(report.disordered)}`,
          'An output was written after that of a later input: two owners wrote at once, or a resend overtook another.',
          'Look in the logs for a lost partition at that time, and report it with the offsets: the runtime promises order.',
        )),
    ...(report.doubled.length === 0
      ? []
      : found(
          'warning',
          `${total(report.doubled)} ${of} are doubled, ${partitions(report.doubled)}`,
          'Their inputs were handled again, as happens when an instance is killed before it commits, or offsets are reset.',
          'Have readers drop a record whose source header they have seen; if it goes on, look for instances that restart.',
        )),
    ...(report.misplaced === 0
      ? []
      : found(
          'warning',
          `${report.misplaced} ${of} are in another partition than their input says`,
          'They were written while a topic had another partition count, or by another program.',
          'Check the partition counts of both topics, and who writes there.',
        )),
    ...(report.unsourced + report.foreign === 0
      ? []
      : found(
          'note',
          `${report.unsourced} ${of} have no source header, and ${report.foreign} come from another topic than ${topic}`,
          'Another program, or a function with another source, writes to this topic.',
          'Check who writes there; doubles and order cannot be told for these.',
        )),
  ];
}
