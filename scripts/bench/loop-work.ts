import { type LoopCost, monotonicUs } from './container.ts';
import { enrichedSamples } from './handler.ts';

/** What a bare loop writes: its input again, or an object of the processor's outputs, so that it writes as many bytes. */
export type LoopMode = 'echo' | 'enriched';

/** What is the same in the bare loops of all clients: what becomes of a record, and counting. */
export interface LoopWork {
  /** How many it has handled. */
  readonly total: number;
  /** Parses a record and stringifies what it has to write. */
  written(value: Buffer | null | undefined): string;
  /** Counts; once all are handled, prints what they took and ends the process. */
  handled(records: number): void;
}

/** @param count of all records; with 0 it goes on until it is ended */
export async function loopWork(count: number, mode: LoopMode): Promise<LoopWork> {
  const samples: readonly unknown[] = mode === 'enriched' ? await enrichedSamples(2) : [];
  let total = 0;
  let next = 0;
  let start: { records: number; cpu: NodeJS.CpuUsage; wallMs: number; fromUs: number } | undefined;

  function finish({ records, cpu, wallMs, fromUs }: NonNullable<typeof start>): void {
    const used = process.cpuUsage(cpu);
    const measured: LoopCost = {
      records: total - records,
      cpuUs: used.user + used.system,
      wallMs: performance.now() - wallMs,
      span: { fromUs, toUs: monotonicUs() },
    };
    process.stdout.write(`${JSON.stringify(measured)}\n`, () => process.exit(0));
  }

  return {
    get total() {
      return total;
    },
    written(value) {
      const parsed: unknown = JSON.parse((value ?? Buffer.alloc(0)).toString());
      if (samples.length === 0) return JSON.stringify(parsed);
      next = (next + 1) % samples.length;
      return JSON.stringify(samples[next]);
    },
    handled(records) {
      total += records;
      if (count === 0) return;
      // Starting up and the first compilation are not what a record costs.
      if (start === undefined && total >= count / 10) {
        start = { records: total, cpu: process.cpuUsage(), wallMs: performance.now(), fromUs: monotonicUs() };
      } else if (start !== undefined && total >= count) finish(start);
    },
  };
}
