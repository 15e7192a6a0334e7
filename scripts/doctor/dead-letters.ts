import type { Extent } from '../support/kafka/offsets.ts';
import { count, span } from '../support/words.ts';
import type { Finding } from './finding.ts';
import type { SampledRecord } from './records.ts';

/** What is in a dead-letter topic. */
export interface DeadLetterReport {
  /** As many as the topic holds. */
  readonly total: number;
  /** Of those: sent again or discarded since. */
  readonly seenTo: number;
  readonly sampled: number;
  /** Of those sampled that still wait, the most frequent first. */
  readonly byCode: readonly { readonly code: string; readonly records: number }[];
  readonly latest: null | {
    readonly atMs: number;
    readonly code: string;
    readonly message: string;
    /** The record that died, `<topic>/<partition>/<offset>`. */
    readonly source: string;
  };
}

/** Counts a sample of dead letters by code, and picks the latest. `notes`: what was done with some, by where they lie. */
export function inspectDeadLetters(
  extents: readonly Extent[],
  sampled: readonly SampledRecord[],
  notes: readonly { readonly place: string }[] = [],
): DeadLetterReport {
  const places = new Set(notes.map(({ place }) => place));
  const records = sampled.filter(({ partition, offset }) => !places.has(`${partition}/${offset}`));
  const bounds = new Map(extents.map((extent) => [extent.partition, extent]));
  // The journal outlives the letters.
  const seenTo = [...places].filter((place) => {
    const [partition = -1, offset = -1] = place.split('/').map(Number);
    const extent = bounds.get(partition);
    return extent !== undefined && offset >= extent.low && offset < extent.end;
  }).length;
  const codes = new Map<string, number>();
  for (const record of records) codes.set(codeOf(record), (codes.get(codeOf(record)) ?? 0) + 1);
  const latest = records.reduce<SampledRecord | undefined>(
    (best, record) => (best && best.timestamp >= record.timestamp ? best : record),
    undefined,
  );
  const headers = latest?.headers ?? {};
  return {
    total: extents.reduce((sum, { low, end }) => sum + end - low, 0),
    seenTo,
    sampled: records.length,
    byCode: [...codes].map(([code, sum]) => ({ code, records: sum })).sort((a, b) => b.records - a.records),
    latest: latest
      ? {
          atMs: latest.timestamp,
          code: codeOf(latest),
          message: headers['error.message'] ?? '',
          source: ['error.topic', 'error.partition', 'error.offset'].map((name) => headers[name] ?? '?').join('/'),
        }
      : null,
  };
}

function codeOf(record: SampledRecord): string {
  return record.headers['error.code'] ?? 'no error.code';
}

const causes: Readonly<Record<string, string>> = {
  DECODE_FAILED: 'They are not UTF-8 JSON.',
  CONTRACT_VIOLATED: 'They are JSON, but not what the wire contract says.',
  OUTPUT_TOO_LARGE: "Their outputs are larger than the topic's max.message.bytes.",
  HANDLER_FAILED: 'The function threw on them: a bug.',
  RETRIES_EXHAUSTED: 'They failed as often as the retry policy allows.',
  KEY_PARKED: 'They wait behind a dead record of their key.',
};

/** Dead letters are kept until retention deletes them: someone has to look. */
export function diagnoseDeadLetters(report: DeadLetterReport, topic: string, nowMs: number): Finding[] {
  const { total, seenTo, latest, byCode } = report;
  if (total === seenTo) return [];
  const most = byCode[0]?.code ?? '';
  return [
    {
      severity: 'warning',
      area: 'dead letters',
      what: `${count(total - seenTo, 'dead letter')} in ${topic}${latest ? `, the latest ${span(Math.max(0, nowMs - latest.atMs))} ago` : ''}`,
      cause: `${Object.hasOwn(causes, most) ? causes[most] : 'What they died of is in their error.* headers.'}`,
      remedy: `${
        most === 'HANDLER_FAILED'
          ? 'Correct the function, then send them again'
          : 'Correct what writes them (or the limit that they met), then send them again before retention deletes them'
      }: npm run dead-letters -- redrive.`,
    },
  ];
}
