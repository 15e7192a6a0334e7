import { type InstanceMetrics, quantileMs } from './exposition.ts';

/** How one instance is doing, over the last seconds. */
export interface Gauges {
  readonly inPerSecond: number;
  readonly outPerSecond: number;
  readonly lag: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly cpuPercent: number;
  /** CPU time a record, all of the process; null while it does nothing. */
  readonly usPerRecord: number | null;
  readonly rssBytes: number;
}

/** Of an instance that has ended. */
export const noGauges: Gauges = {
  ...{ inPerSecond: 0, outPerSecond: 0, lag: 0, p50Ms: null, p99Ms: null },
  ...{ cpuPercent: 0, usPerRecord: null, rssBytes: 0 },
};

interface Look {
  readonly atMs: number;
  readonly metrics: InstanceMetrics;
}

const rateWindowMs = 2_500;
const latencyWindowMs = 10_000;

/** Turns an instance's counters into rates. */
export interface GaugeBook {
  add(atMs: number, metrics: InstanceMetrics): void;
  readonly latest: InstanceMetrics | undefined;
  read(): Gauges;
}

export function createGaugeBook(): GaugeBook {
  let looks: Look[] = [];

  const since = (windowMs: number): [earlier: Look, later: Look] | undefined => {
    const later = looks.at(-1);
    const earlier = looks.find((look) => later !== undefined && later.atMs - look.atMs <= windowMs);
    return earlier && later && earlier !== later ? [earlier, later] : undefined;
  };

  return {
    add(atMs, metrics) {
      looks = [...looks.filter((look) => atMs - look.atMs <= latencyWindowMs), { atMs, metrics }];
    },
    get latest() {
      return looks.at(-1)?.metrics;
    },
    read() {
      const latest = looks.at(-1)?.metrics;
      const [earlier, later] = since(rateWindowMs) ?? [];
      const [old] = since(latencyWindowMs) ?? [];
      const seconds = earlier && later ? (later.atMs - earlier.atMs) / 1_000 : 0;
      const grown = (of: (metrics: InstanceMetrics) => number): number =>
        earlier && later ? of(later.metrics) - of(earlier.metrics) : 0;
      const rate = (of: (metrics: InstanceMetrics) => number): number => (seconds > 0 ? grown(of) / seconds : 0);
      const records = grown((metrics) => metrics.recordsIn);
      const quantile = (share: number) => (latest ? quantileMs(latest.latency, old?.metrics.latency, share) : null);
      return {
        inPerSecond: rate((metrics) => metrics.recordsIn),
        outPerSecond: rate((metrics) => metrics.recordsOut),
        lag: latest?.lag ?? 0,
        p50Ms: quantile(0.5),
        p99Ms: quantile(0.99),
        cpuPercent: rate((metrics) => metrics.cpuSeconds) * 100,
        usPerRecord: records > 0 ? (grown((metrics) => metrics.cpuSeconds) * 1e6) / records : null,
        rssBytes: latest?.rssBytes ?? 0,
      };
    },
  };
}
