import type { BenchResult, LatencyResult } from './report.ts';

/** What we hold ourselves to, beside what a run had. Ratios are of one run: machines differ. */
export interface Aim {
  readonly what: string;
  readonly value: number;
  readonly most: number;
  readonly unit: 'x' | 'ms';
  readonly reached: boolean;
}

/** What the handler of a small message may take besides the floor. */
const smallUs = 5;

/** The aims of all parts that were measured. */
export function aimsOf({ handler, container, instances, latency }: BenchResult): Aim[] {
  const aim = (what: string, value: number, most: number, unit: Aim['unit'] = 'x'): Aim => {
    return { what, value, most, unit, reached: value <= most };
  };
  const [small, large] = [2, 160].map((contracts) => handler?.find((cost) => cost.contracts === contracts));
  const aims: Aim[] = [];
  if (small) aims.push(aim(`handler, 2 contracts, less ${smallUs} us`, (small.handlerUs - smallUs) / small.floorUs, 1));
  if (large) aims.push(aim('handler, 160 contracts', large.ratio, 0.6));
  if (container)
    aims.push(aim('container, beside the loop that only parses and stringifies', container.echoRatio, 0.7));
  if (instances) {
    const { ours, instances: many } = instances;
    aims.push(aim(`${many} instances beside one`, ours.ratioToOne, 1.1));
    aims.push(aim(`${many} instances beside one on a machine kept busy`, ours.ratioToBusy, 1.1));
  }
  if (latency) {
    aims.push(
      aim(`p99 at ${latency.rate} records/s, machine ${busyPercent(latency)} % busy`, latency.enrichedMs.p99, 25, 'ms'),
    );
  }
  return aims;
}

/** How much of the machine was busy while ours was measured. */
export function busyPercent({ idleCores, cores }: LatencyResult): number {
  return Math.round((1 - idleCores / cores) * 100);
}

/** For a person. */
export function aimsTable(aims: readonly Aim[]): string[] {
  return [
    'Aims',
    ...aims.map(({ what, value, most, unit, reached }) => {
      const figures = unit === 'x' ? `${value.toFixed(2)}x, at most ${most}x` : `${value} ms, at most ${most} ms`;
      return `  ${what.padEnd(62)}${figures.padEnd(24)}${reached ? 'reached' : 'missed'}`;
    }),
  ];
}
