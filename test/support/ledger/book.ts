import type { LoggedRecord, TopicLog } from './log.ts';

/** The source records of one partition, and the first evidence found of what became of each. By offset less `base`. */
export interface Page {
  readonly partition: number;
  readonly base: number;
  readonly records: readonly LoggedRecord[];
  readonly firstOutput: (LoggedRecord | undefined)[];
  /** 1 once its place in the order of its output partition is known. */
  readonly placed: Uint8Array;
  /** When the first output, and the first dead letter, was appended; Infinity where there is none. */
  readonly outputAtMs: Float64Array;
  readonly deadAtMs: Float64Array;
}

/** A source record, by its place in the book. */
export interface Entry {
  readonly page: Page;
  readonly index: number;
  readonly record: LoggedRecord;
  /** Its coordinates in words. */
  at(): string;
}

export interface Book {
  readonly topic: string;
  readonly pages: readonly Page[];
  find(coordinates: Coordinates): Entry | undefined;
}

export interface Coordinates {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Lays out a source topic for looking up by coordinates. Throws when an offset is missing: the log was not read whole. */
export function openBook({ topic, partitions }: TopicLog): Book {
  const pages = partitions.map((records, partition): Page => {
    const base = records[0]?.offset ?? 0;
    for (const [index, { offset }] of records.entries()) {
      if (offset !== base + index)
        throw new Error(`${topic}/${partition} was not read whole: no offset ${base + index}`);
    }
    return {
      partition,
      base,
      records,
      firstOutput: new Array(records.length),
      placed: new Uint8Array(records.length),
      outputAtMs: new Float64Array(records.length).fill(Number.POSITIVE_INFINITY),
      deadAtMs: new Float64Array(records.length).fill(Number.POSITIVE_INFINITY),
    };
  });
  return {
    topic,
    pages,
    find({ topic: named, partition, offset }) {
      const page = named === topic ? pages[partition] : undefined;
      const index = page ? offset - page.base : 0;
      const record = page?.records[index];
      if (!page || !record) return undefined;
      return { page, index, record, at: () => `${topic}/${partition}/${offset}` };
    },
  };
}

const sourcePattern = /^(.+)\/(0|[1-9]\d{0,9})\/(0|[1-9]\d{0,15})$/;
const numberPattern = /^(0|[1-9]\d{0,15})$/;

/** Reads a `source` header, `<topic>/<partition>/<offset>`. */
export function parseSource(header: string | undefined): Coordinates | undefined {
  const match = sourcePattern.exec(header ?? '');
  return match ? coordinatesOf(match[1], match[2], match[3]) : undefined;
}

/** Reads coordinates that come as three headers. */
export function coordinatesOf(
  topic: string | undefined,
  partition: string | undefined,
  offset: string | undefined,
): Coordinates | undefined {
  if (!topic || !numberPattern.test(partition ?? '') || !numberPattern.test(offset ?? '')) return undefined;
  return { topic, partition: Number(partition), offset: Number(offset) };
}
