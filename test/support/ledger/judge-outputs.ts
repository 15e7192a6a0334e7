import { type Book, type Entry, parseSource } from './book.ts';
import type { Expectations } from './judge.ts';
import { headerOf, type LoggedRecord, type TopicLog } from './log.ts';
import type { Collectors } from './verdict.ts';

/** Judges each output against its source, and notes in the book when the first of each was appended. */
export function judgeOutputs(
  book: Book,
  { topic, partitions }: TopicLog,
  expectations: Expectations,
  found: Collectors,
): void {
  for (const [partition, records] of partitions.entries()) {
    const seen = orderWatch(expectations.order ?? 'key');
    for (const record of records) {
      // Strings are made for violations only: a million good records should make none.
      const here = () => `${topic}/${partition}/${record.offset}`;
      const header = headerOf(record, 'source');
      const coordinates = parseSource(header);
      const entry = coordinates && book.find(coordinates);
      if (!entry) {
        found.invented.add(here(), coordinates ? `its source ${header} does not exist` : `source header: ${header}`);
        continue;
      }
      if (entry.page.partition % partitions.length !== partition) {
        // Where a record does not belong, it has no place in the order either.
        found.wrongPartition.add(entry.at(), `output in ${here()}`);
      } else {
        const overtaker = seen(entry, record);
        if (overtaker) {
          const by = `${overtaker.source} in output offset ${overtaker.output}`;
          found.reordered.add(entry.at(), `in ${here()}, after source offset ${by}`);
        }
      }
      judgeOutput(entry, record, here, expectations, found);
    }
  }
}

function judgeOutput(
  { page, index, record: source, at }: Entry,
  output: LoggedRecord,
  here: () => string,
  { outputHashOf }: Expectations,
  found: Collectors,
): void {
  const first = page.firstOutput[index];
  page.firstOutput[index] ??= output;
  page.outputAtMs[index] = Math.min(page.outputAtMs[index] ?? 0, output.timestampMs);
  if (output.key !== source.key) found.wrongKey.add(at(), `key ${source.key} became ${output.key} in ${here()}`);
  const trace = headerOf(source, 'traceparent');
  if (trace !== undefined && headerOf(output, 'traceparent') !== trace) {
    found.wrongBytes.add(at(), `traceparent ${trace} became ${headerOf(output, 'traceparent')} in ${here()}`);
  }
  if (first) {
    found.duplicates.add(at(), `again in ${here()}`);
    if (first.valueHash !== output.valueHash) found.wrongBytes.add(at(), `${here()} differs from the first output`);
  } else if (outputHashOf && outputHashOf(source) !== output.valueHash) {
    found.wrongBytes.add(at(), `${here()} is not the output expected`);
  }
}

interface Place {
  readonly source: number;
  readonly output: number;
}

/**
 * Watches the order of one output partition: by source partition and, within it, by key; a record without a key has no
 * order then. Only first occurrences count: what is delivered again after a crash starts over from an earlier record,
 * and readers who drop duplicates never see that. Returns the place of the record that this one should have preceded.
 */
function orderWatch(order: 'key' | 'partition'): (entry: Entry, output: LoggedRecord) => Place | undefined {
  const latest = new Map<number, Map<string | null, Place>>();
  return ({ page, index, record }, output) => {
    if (page.placed[index] === 1) return undefined;
    page.placed[index] = 1;
    if (order === 'key' && record.key === null) return undefined;
    const lines = latest.get(page.partition) ?? new Map<string | null, Place>();
    latest.set(page.partition, lines);
    const line = order === 'key' ? record.key : null;
    const before = lines.get(line);
    if (before && before.source > record.offset) return before;
    lines.set(line, { source: record.offset, output: output.offset });
    return undefined;
  };
}
