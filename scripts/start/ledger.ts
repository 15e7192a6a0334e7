import { createLatencies, type Latencies } from './latencies.ts';

/** What the topics say happened, since the reader began. A record is one of the source topic. */
export interface LedgerCounts {
  readonly fed: number;
  /** Distinct records that have an output. */
  readonly enriched: number;
  /** Distinct records that have a dead letter. */
  readonly deadLettered: number;
  readonly deadByCode: Readonly<Record<string, number>>;
  /** Outputs and dead letters of records that already had one. */
  readonly duplicates: number;
  /** Outputs and dead letters of records from before the reader began, or that name no source at all. */
  readonly foreign: number;
}

/** Books every record of the source topic, and what became of it, by its coordinates. Knows no Kafka. */
export interface Ledger {
  fed(partition: number, offset: number, timestampMs: number): void;
  /** `source` is the header of the output: `<topic>/<partition>/<offset>` of its input. */
  enriched(source: string | undefined, timestampMs: number): void;
  dead(partition: number, offset: number, code: string): void;
  counts(): LedgerCounts;
  /** From a record's own timestamp to that of its output. */
  readonly latencies: Latencies;
  /** Records before the given offsets (by partition) without an output or dead letter: nobody will do them any more. */
  unaccountedBefore(offsets: readonly number[]): number;
}

/**
 * One number a record: 0 is nothing known, below `early` its time + 1 while it is open, from `early` on the time + 1 of
 * an output that was read before its input.
 */
const early = 0x8000_0000;
const earlyDead = 0xffff_fffe;
const settled = 0xffff_ffff;
const pageSize = 4_096;

/** A page whose records are all settled keeps no cells: hours of records fit in little memory. */
interface Page {
  cells: Uint32Array | undefined;
  open: number;
}

/** Opens the books of a topic, which begin at these offsets by partition. */
export function createLedger(topic: string, startOffsets: readonly number[]): Ledger {
  const epochMs = Date.now() - 86_400_000;
  const pages = startOffsets.map(() => new Map<number, Page>());
  const latencies = createLatencies();
  const deadByCode: Record<string, number> = {};
  let fed = 0;
  let enriched = 0;
  let deadLettered = 0;
  let duplicates = 0;
  let foreign = 0;

  const stamp = (timestampMs: number): number => Math.min(early - 4, Math.max(0, timestampMs - epochMs)) + 1;

  /** The page and place of a record, or undefined when it is not of this topic's books. */
  function locate(partition: number, offset: number): { page: Page; at: number } | undefined {
    const index = offset - (startOffsets[partition] ?? Number.POSITIVE_INFINITY);
    const ofPartition = pages[partition];
    if (!(index >= 0) || ofPartition === undefined) return undefined;
    const number = Math.floor(index / pageSize);
    let page = ofPartition.get(number);
    if (page === undefined) {
      page = { cells: new Uint32Array(pageSize), open: pageSize };
      ofPartition.set(number, page);
    }
    return { page, at: index % pageSize };
  }

  function settle(page: Page, at: number): void {
    if (page.cells === undefined) return;
    page.cells[at] = settled;
    page.open -= 1;
    if (page.open === 0) page.cells = undefined;
  }

  /** Whether this is the first thing that became of the record; `undefined` outside the books. */
  function account(partition: number, offset: number, whenEarly: number, onOpen: (cell: number) => void): boolean {
    const place = locate(partition, offset);
    if (place === undefined) {
      foreign += 1;
      return false;
    }
    const { page, at } = place;
    const cell = page.cells?.[at] ?? settled;
    if (cell >= early) {
      duplicates += 1;
      return false;
    }
    if (cell === 0 && page.cells) page.cells[at] = whenEarly;
    else {
      onOpen(cell);
      settle(page, at);
    }
    return true;
  }

  return {
    latencies,
    fed(partition, offset, timestampMs) {
      const place = locate(partition, offset);
      const cells = place?.page.cells;
      if (place === undefined || cells === undefined) return;
      const cell = cells[place.at] ?? settled;
      const readBefore = cell === settled || (cell > 0 && cell < early);
      if (readBefore) return; // the reader has restarted
      fed += 1;
      if (cell === 0) {
        cells[place.at] = stamp(timestampMs);
        return;
      }
      if (cell !== earlyDead) latencies.record(cell - early - stamp(timestampMs));
      settle(place.page, place.at);
    },
    enriched(source, timestampMs) {
      const coordinates = parseSource(source, topic);
      if (coordinates === undefined) {
        foreign += 1;
        return;
      }
      const time = stamp(timestampMs);
      const first = account(coordinates.partition, coordinates.offset, early + time, (cell) =>
        latencies.record(time - cell),
      );
      if (first) enriched += 1;
    },
    dead(partition, offset, code) {
      if (!account(partition, offset, earlyDead, () => undefined)) return;
      deadLettered += 1;
      deadByCode[code] = (deadByCode[code] ?? 0) + 1;
    },
    counts: () => ({ fed, enriched, deadLettered, deadByCode: { ...deadByCode }, duplicates, foreign }),
    unaccountedBefore(offsets) {
      let count = 0;
      for (const [partition, ofPartition] of pages.entries()) {
        const end = (offsets[partition] ?? 0) - (startOffsets[partition] ?? 0);
        for (const [number, { cells }] of ofPartition) {
          const within = cells?.subarray(0, Math.max(0, Math.min(pageSize, end - number * pageSize))) ?? [];
          for (const cell of within) if (cell > 0 && cell < early) count += 1;
        }
      }
      return count;
    },
  };
}

/** Reads a `source` header; undefined when it is none, or names another topic. */
export function parseSource(
  source: string | undefined,
  topic: string,
): { partition: number; offset: number } | undefined {
  const match = /^(.+)\/(\d+)\/(\d+)$/.exec(source ?? '');
  if (match?.[1] !== topic) return undefined;
  return { partition: Number(match[2]), offset: Number(match[3]) };
}
