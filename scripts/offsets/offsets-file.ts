import { CommandError } from '../support/command.ts';
import { clipped, printable } from '../support/words.ts';

/**
 * Offsets as a file: what Kafka's own kafka-consumer-groups exports and takes (topic,partition,offset), with two things
 * more that it need not know. An offset may be `none`: the partition has no commit. A fourth field, `from`, is where the
 * group was when this was planned, and must still be. Lines that begin with # say what the file is.
 */
export interface OffsetRow {
  readonly topic: string;
  readonly partition: number;
  /** null: no commit. */
  readonly offset: number | null;
  /** undefined: wherever the group is. */
  readonly from?: number | null;
}

export interface OffsetsFile {
  /** What the comments at the top say: `# group: processor-group`. */
  readonly facts: Readonly<Record<string, string>>;
  readonly rows: readonly OffsetRow[];
}

const fieldNames = ['topic', 'partition', 'offset', 'from'] as const;

/**
 * Reads a file of offsets.
 * @throws CommandError with the line and the field that are wrong
 */
export function parseOffsetsFile(path: string, text: string): OffsetsFile {
  const facts: Record<string, string> = {};
  const rows: OffsetRow[] = [];
  const lineOf = new Map<string, number>();
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    const [, name, value] = /^# ?([a-z]+): (.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) facts[name] = value;
    if (line === '' || line.startsWith('#') || line.startsWith('topic,partition,offset')) continue;
    const row = parseRow(line, `${path}, line ${index + 1}`);
    const place = `${row.topic}/${row.partition}`;
    const earlier = lineOf.get(place);
    if (earlier !== undefined) {
      throw new CommandError(`${path}, line ${index + 1}, field partition: ${place} is on line ${earlier} already`);
    }
    lineOf.set(place, index + 1);
    rows.push(row);
  }
  if (rows.length === 0) throw new CommandError(`${path} has no offsets: a line is topic,partition,offset`);
  return { facts, rows };
}

function parseRow(line: string, where: string): OffsetRow {
  const fields = line.split(',').map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
  if (fields.length < 3 || fields.length > 4) {
    throw new CommandError(`${where}: expected topic,partition,offset, found ${shown(line)}`);
  }
  const [topic = '', partition = '', offset = '', from] = fields;
  const wrong = (field: number, expected: string): CommandError =>
    new CommandError(`${where}, field ${fieldNames[field]}: expected ${expected}, found ${shown(fields[field] ?? '')}`);
  if (!/^[A-Za-z0-9._-]{1,249}$/.test(topic)) throw wrong(0, 'the name of a topic');
  if (!/^\d{1,9}$/.test(partition)) throw wrong(1, 'the number of a partition');
  const isOffset = (field: string) => field === 'none' || (/^\d{1,16}$/.test(field) && Number.isSafeInteger(+field));
  if (!isOffset(offset)) throw wrong(2, "an offset, or 'none'");
  if (from !== undefined && !isOffset(from)) throw wrong(3, "an offset, or 'none'");
  const read = (field: string): number | null => (field === 'none' ? null : Number(field));
  const row = { topic, partition: Number(partition), offset: read(offset) };
  return from === undefined ? row : { ...row, from: read(from) };
}

function shown(text: string): string {
  return `'${clipped(printable(text), 60)}'`;
}

/** The file's text. */
export function offsetsFileText({ facts, rows }: OffsetsFile): string {
  const written = (offset: number | null): string => (offset === null ? 'none' : String(offset));
  return [
    ...Object.entries(facts).map(([name, value]) => `# ${name}: ${value}`),
    ...rows.map(({ topic, partition, offset, from }) =>
      [topic, partition, written(offset), ...(from === undefined ? [] : [written(from)])].join(','),
    ),
    '',
  ].join('\n');
}
