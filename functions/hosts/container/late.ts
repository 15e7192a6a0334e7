import type { Logger } from '../../runtime/contract.ts';
import type { Metrics } from '../../runtime/metrics.ts';

/**
 * What is stored without having been committed by the time its partition goes to somebody else, who does it once more: an
 * instance that was frozen, cut off or too slow has some. Counted; told once each time that partitions are given up.
 */
export interface LateRecords {
  /** Partitions are given up with so many records stored and not committed. Returns them. */
  left(records: number): number;
  /** A record of a partition that was given up has been stored after all. */
  stored(): void;
}

export function createLateRecords(metrics: Metrics, log: Logger): LateRecords {
  let told = false;
  return {
    left(records) {
      told = false;
      metrics.recordsLate += records;
      return records;
    },
    stored() {
      metrics.recordsLate += 1;
      if (!told) log.warn({}, 'Stored after its partition was lost: done again elsewhere');
      told = true;
    },
  };
}
