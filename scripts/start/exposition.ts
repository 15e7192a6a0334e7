/** What an instance's metrics page says, as far as a watcher needs it. */
export interface InstanceMetrics {
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly filtered: number;
  readonly dead: number;
  readonly lag: number;
  readonly lanesWaiting: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly latency: CumulativeHistogram;
}

/** Prometheus' buckets: how many observations were at or below each bound, the last of which is infinite. */
export interface CumulativeHistogram {
  readonly boundsSeconds: readonly number[];
  readonly counts: readonly number[];
}

interface Sample {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

/** Reads the text format, version 0.0.4. A metric that is not there counts as 0. */
export function readExposition(text: string): InstanceMetrics {
  const samples = text.split('\n').flatMap(readSample);
  const sum = (name: string): number =>
    samples.reduce((total, sample) => total + (sample.name === `hft_${name}` ? sample.value : 0), 0);
  const buckets = samples.filter(({ name }) => name === 'hft_latency_seconds_bucket');
  return {
    recordsIn: sum('records_in_total'),
    recordsOut: sum('records_out_total'),
    filtered: sum('records_filtered_total'),
    dead: sum('records_dead_total'),
    lag: sum('lag_records'),
    lanesWaiting: sum('lanes_waiting'),
    cpuSeconds: sum('cpu_seconds_total'),
    rssBytes: sum('resident_memory_bytes'),
    latency: {
      boundsSeconds: buckets.map(({ labels }) => boundOf(labels)),
      counts: buckets.map(({ value }) => value),
    },
  };
}

function readSample(line: string): Sample[] {
  const match = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
  return match?.[1] ? [{ name: match[1], labels: match[2] ?? '', value: Number(match[3]) }] : [];
}

function boundOf(labels: string): number {
  const bound = /le="([^"]+)"/.exec(labels)?.[1];
  return bound === '+Inf' || bound === undefined ? Number.POSITIVE_INFINITY : Number(bound);
}

/** A quantile of what came between two looks, linear within its bucket, in milliseconds; null when nothing came. */
export function quantileMs(
  later: CumulativeHistogram,
  earlier: CumulativeHistogram | undefined,
  share: number,
): number | null {
  const counts = later.counts.map((count, index) => count - (earlier?.counts[index] ?? 0));
  const total = counts.at(-1) ?? 0;
  if (total <= 0) return null;
  const rank = total * share;
  const index = counts.findIndex((count) => count >= rank);
  const lower = later.boundsSeconds[index - 1] ?? 0;
  const upper = later.boundsSeconds[index] ?? lower;
  const below = counts[index - 1] ?? 0;
  const within = (counts[index] ?? 0) - below;
  const seconds = Number.isFinite(upper) && within > 0 ? lower + ((upper - lower) * (rank - below)) / within : lower;
  return Math.round(seconds * 10_000) / 10;
}
