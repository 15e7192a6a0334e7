import type { FeedRecord } from './records.ts';

/** What the brokers have acknowledged. The arrays are by partition number. */
export interface FeedReport {
  readonly topic: string;
  readonly acknowledged: number;
  /** How many of them are poison, in all and by kind. */
  readonly poison: number;
  readonly poisonByKind: Readonly<Record<string, number>>;
  readonly perPartition: readonly number[];
  /** First and last offset written; `null` where nothing was. */
  readonly firstOffset: readonly (number | null)[];
  readonly lastOffset: readonly (number | null)[];
  /** Generated and not acknowledged yet; 0 after a clean end. */
  readonly pending: number;
  readonly seconds: number;
  /** Acknowledged a second, over the whole time. */
  readonly rate: number;
}

export interface Acknowledgements {
  add(partition: number, baseOffset: number, records: readonly Pick<FeedRecord, 'poison'>[]): void;
  report(pending: number): FeedReport;
}

/** Keeps the count; the time runs from now on, until the last acknowledgement once nothing is pending. */
export function createAcknowledgements(topic: string, partitions: number): Acknowledgements {
  const perPartition = new Array<number>(partitions).fill(0);
  const firstOffset = new Array<number | null>(partitions).fill(null);
  const lastOffset = new Array<number | null>(partitions).fill(null);
  const poisonByKind: Record<string, number> = {};
  const startMs = performance.now();
  let acknowledged = 0;
  let poison = 0;
  let lastMs = startMs;

  return {
    add(partition, baseOffset, records) {
      if (records.length === 0) return;
      acknowledged += records.length;
      perPartition[partition] = (perPartition[partition] ?? 0) + records.length;
      firstOffset[partition] ??= baseOffset;
      lastOffset[partition] = baseOffset + records.length - 1;
      lastMs = performance.now();
      for (const { poison: kind } of records) {
        if (kind === null) continue;
        poison++;
        poisonByKind[kind] = (poisonByKind[kind] ?? 0) + 1;
      }
    },
    report(pending) {
      const seconds = ((pending > 0 ? performance.now() : lastMs) - startMs) / 1_000;
      return {
        topic,
        acknowledged,
        poison,
        poisonByKind: { ...poisonByKind },
        perPartition: [...perPartition],
        firstOffset: [...firstOffset],
        lastOffset: [...lastOffset],
        pending,
        seconds: Math.round(seconds * 1_000) / 1_000,
        rate: seconds > 0 ? Math.round((acknowledged / seconds) * 10) / 10 : 0,
      };
    },
  };
}
