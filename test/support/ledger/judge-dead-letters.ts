import { type Book, coordinatesOf, type Entry } from './book.ts';
import type { Expectations } from './judge.ts';
import { headerOf, type LoggedRecord, type TopicLog } from './log.ts';
import type { Collectors } from './verdict.ts';

const maxMessageBytes = 1_024;

/** Judges each dead letter against its source, and notes in the book when the first of each was appended. */
export function judgeDeadLetters(
  book: Book,
  deadLetters: TopicLog,
  expectations: Expectations,
  found: Collectors,
): void {
  for (const [partition, records] of deadLetters.partitions.entries()) {
    for (const record of records) {
      const here = `${deadLetters.topic}/${partition}/${record.offset}`;
      const [topic, from, offset] = ['error.topic', 'error.partition', 'error.offset'].map((name) =>
        headerOf(record, name),
      );
      const coordinates = coordinatesOf(topic, from, offset);
      const entry = coordinates && book.find(coordinates);
      if (!entry) {
        const named = `${topic}/${from}/${offset}`;
        found.invented.add(here, coordinates ? `its source ${named} does not exist` : `coordinates: ${named}`);
        continue;
      }
      const { page, index } = entry;
      const at = entry.at();
      if (page.partition % deadLetters.partitions.length !== partition) {
        found.wrongPartition.add(at, `dead letter in ${here}`);
      }
      if (page.deadAtMs[index] !== Number.POSITIVE_INFINITY) found.duplicates.add(at, `dead letter again in ${here}`);
      page.deadAtMs[index] = Math.min(page.deadAtMs[index] ?? 0, record.timestampMs);
      for (const problem of problemsOf(entry, record, expectations)) {
        found.wrongBytes.add(at, `dead letter ${here}: ${problem}`);
      }
    }
  }
}

/** What the dead letter changed of the record, and what is wrong with its `error.*` headers. */
function* problemsOf(
  { record: source, page }: Entry,
  letter: LoggedRecord,
  { fateOf, functionName }: Expectations,
): Generator<string> {
  if (letter.key !== source.key) yield `key ${source.key} became ${letter.key}`;
  if (letter.valueHash !== source.valueHash) yield 'the value changed';
  if (ownHeaders(letter) !== ownHeaders(source)) {
    yield `headers ${ownHeaders(source)} became ${ownHeaders(letter)}`;
  }
  const fate = fateOf(source, page.partition);
  const code = headerOf(letter, 'error.code');
  const dies = fate !== undefined && fate !== 'output' && fate !== 'filtered';
  if (!code || (dies && code !== fate)) yield `error.code ${code} instead of ${dies ? fate : 'a code'}`;
  const message = headerOf(letter, 'error.message');
  if (!message || message.length > maxMessageBytes || /[\r\n]/.test(message)) {
    yield `error.message must be one line of at most 1 KB: ${message?.slice(0, 80)}`;
  }
  const name = headerOf(letter, 'error.function');
  if (!name || (functionName !== undefined && name !== functionName)) {
    yield `error.function ${name} instead of ${functionName ?? 'a name'}`;
  }
  const attempts = headerOf(letter, 'error.attempts');
  if (!/^[1-9]\d*$/.test(attempts ?? '')) yield `error.attempts ${attempts}`;
  const timestamp = headerOf(letter, 'error.timestamp');
  if (timestamp !== String(source.timestampMs)) yield `error.timestamp ${timestamp} instead of ${source.timestampMs}`;
}

/** A record's headers but the `error.*` ones, in one text that is equal for equal headers. */
function ownHeaders({ headers }: LoggedRecord): string {
  const names = Object.keys(headers).filter((name) => !name.startsWith('error.'));
  return JSON.stringify(names.toSorted().map((name) => [name, headers[name]]));
}
