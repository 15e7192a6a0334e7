import { span } from '../support/words.ts';
import type { Finding } from './finding.ts';
import type { SampledRecord } from './records.ts';
import { parseSource } from './sources.ts';

/** How long after their inputs the newest outputs were written, as far as both were read back. */
export interface DelayReport {
  readonly outputs: number;
  readonly medianMs: number;
  readonly maxMs: number;
  /** When the newest output was written. */
  readonly newestAtMs: number;
}

/** The newest output of every source partition: the input's partition, offset, and when the output was written. */
export function newestOutputs(
  records: readonly SampledRecord[],
  topic: string,
): Map<number, { offset: number; writtenAtMs: number }> {
  const newest = new Map<number, { offset: number; writtenAtMs: number }>();
  for (const record of records) {
    const source = parseSource(record.headers.source);
    if (source?.topic !== topic) continue;
    const known = newest.get(source.partition);
    // The first writing counts: a redelivery says how late that was, not how late its output.
    if (known && known.offset >= source.offset) continue;
    newest.set(source.partition, { offset: source.offset, writtenAtMs: record.timestamp });
  }
  return newest;
}

/** Compares outputs with their inputs; undefined when there is no pair. */
export function measureDelay(
  outputs: ReadonlyMap<number, { offset: number; writtenAtMs: number }>,
  inputs: ReadonlyMap<number, SampledRecord>,
): DelayReport | undefined {
  const delays: number[] = [];
  let newestAtMs = 0;
  for (const [partition, { offset, writtenAtMs }] of outputs) {
    const input = inputs.get(partition);
    if (input?.offset !== offset) continue;
    delays.push(writtenAtMs - input.timestamp);
    newestAtMs = Math.max(newestAtMs, writtenAtMs);
  }
  if (delays.length === 0) return undefined;
  delays.sort((a, b) => a - b);
  return {
    outputs: delays.length,
    medianMs: delays[Math.floor(delays.length / 2)] ?? 0,
    maxMs: delays.at(-1) ?? 0,
    newestAtMs,
  };
}

const lateMs = 10_000;
const currentMs = 60_000;
const skewMs = -1_000;

/** Whether outputs come late, or before their inputs. */
export function diagnoseDelay(report: DelayReport, outputTopic: string, nowMs: number): Finding[] {
  const { medianMs, maxMs, newestAtMs } = report;
  if (medianMs < skewMs) {
    return [
      {
        severity: 'note',
        area: 'records',
        what: `the newest outputs in ${outputTopic} are older than their inputs, by ${span(-medianMs)} in the median`,
        cause: 'The clocks of those who write the two topics differ, or inputs are stamped ahead of time.',
        remedy: 'Synchronise the clocks, or read no delay out of these timestamps.',
      },
    ];
  }
  // What was late long ago is history.
  if (medianMs < lateMs || nowMs - newestAtMs > currentMs) return [];
  return [
    {
      severity: 'warning',
      area: 'records',
      what: `the newest outputs in ${outputTopic} came ${span(medianMs)} after their inputs in the median, ${span(maxMs)} at most`,
      cause: 'The group was behind when it wrote them, or inputs are stamped with a time of their own.',
      remedy: 'See the lag above: when nothing waits there, the group has caught up.',
    },
  ];
}
