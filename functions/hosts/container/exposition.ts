import type { ResourceMetric } from '../../runtime/contract.ts';
import type { Histogram, Metrics } from '../../runtime/metrics.ts';

/** What only the container host knows. */
export interface ContainerGauges {
  /** Records behind the end of each assigned partition. */
  readonly lag: ReadonlyMap<number, number>;
  readonly assignedPartitions: number;
  /** Partitions that cannot be read on. */
  readonly stuckPartitions: number;
  readonly bufferedBytes: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** The metrics in Prometheus' text format, version 0.0.4. A page of text needs no library in the bundle. */
export function exposition(
  functionName: string,
  metrics: Metrics,
  gauges: ContainerGauges,
  resources: readonly ResourceMetric[] = [],
): string {
  const lines: string[] = [];
  const base = `function="${functionName}"`;

  function metric(
    name: string,
    type: 'counter' | 'gauge',
    help: string,
    samples: [labels: string, value: number][],
  ): void {
    lines.push(`# HELP hft_${name} ${help}`, `# TYPE hft_${name} ${type}`);
    for (const [labels, value] of samples) lines.push(`hft_${name}{${base}${labels && `,${labels}`}} ${value}`);
  }

  metric('records_in_total', 'counter', 'Records handed to the handler.', [['', metrics.recordsIn]]);
  metric('records_out_total', 'counter', 'Outputs acknowledged by all in-sync replicas.', [['', metrics.recordsOut]]);
  metric('records_filtered_total', 'counter', 'Records handled without an output.', [['', metrics.recordsFiltered]]);
  metric(
    'records_dead_total',
    'counter',
    'Records sent to the dead-letter topic, by error code.',
    Object.entries(metrics.recordsDead).map(([code, count]) => [`code="${code}"`, count]),
  );
  metric('retries_total', 'counter', 'Tries of records after their first.', [['', metrics.retries]]);
  metric('rebalances_total', 'counter', 'Assignments received from the group.', [['', metrics.rebalances]]);
  metric('partitions_lost_total', 'counter', 'Times that all partitions were lost without a chance to commit.', [
    ['', metrics.partitionsLost],
  ]);
  metric('records_late_total', 'counter', 'Records done and not committed when their partition went.', [
    ['', metrics.recordsLate],
  ]);
  metric('shared_assignments_total', 'counter', 'Assignments while others of the group read another topic.', [
    ['', metrics.sharings],
  ]);
  metric('membership_doubts_total', 'counter', 'Times that the group said nothing for a session timeout.', [
    ['', metrics.membershipDoubts],
  ]);
  metric('offsets_moved_total', 'counter', 'Times that a partition went on elsewhere, its offset being out of range.', [
    ['', metrics.offsetsMoved],
  ]);
  metric('commits_total', 'counter', 'Commits accepted.', [['', metrics.commits]]);
  metric('commits_refused_total', 'counter', 'Commits refused by the group.', [['', metrics.commitsRefused]]);
  metric('commits_failed_total', 'counter', 'Commits that failed, and are tried again.', [['', metrics.commitsFailed]]);
  metric('assigned_partitions', 'gauge', 'Partitions this instance owns.', [['', gauges.assignedPartitions]]);
  metric('stuck_partitions', 'gauge', 'Partitions that stand still since they cannot be read on.', [
    ['', gauges.stuckPartitions],
  ]);
  metric(
    'lag_records',
    'gauge',
    'Records behind the end of each assigned partition, as of the last fetch.',
    [...gauges.lag].map(([partition, lag]) => [`partition="${partition}"`, lag]),
  );
  metric('lanes_waiting', 'gauge', 'Partitions that wait for a dependency.', [['', metrics.waitingForDependency]]);
  metric('buffered_bytes', 'gauge', 'Bytes fetched and not yet handed out.', [['', gauges.bufferedBytes]]);
  metric('cpu_seconds_total', 'counter', 'CPU time of the process, user and system.', [['', gauges.cpuSeconds]]);
  metric('cpu_seconds_per_record', 'gauge', 'CPU time of the process over records handed out.', [
    ['', metrics.recordsIn === 0 ? 0 : gauges.cpuSeconds / metrics.recordsIn],
  ]);
  metric('resident_memory_bytes', 'gauge', 'Resident memory of the process.', [['', gauges.residentBytes]]);
  for (const { name, type, help, value } of resources) metric(name, type, help, [['', value]]);
  lines.push(...histogram('latency_seconds', base, metrics.latency));
  return `${lines.join('\n')}\n`;
}

function histogram(name: string, base: string, { boundsSeconds, counts, sumSeconds }: Histogram): string[] {
  const help = "From the record's own timestamp to the acknowledgement of its output.";
  const lines = [`# HELP hft_${name} ${help}`, `# TYPE hft_${name} histogram`];
  let total = 0;
  for (const [index, count] of counts.entries()) {
    total += count;
    lines.push(`hft_${name}_bucket{${base},le="${boundsSeconds[index] ?? '+Inf'}"} ${total}`);
  }
  lines.push(`hft_${name}_sum{${base}} ${sumSeconds}`, `hft_${name}_count{${base}} ${total}`);
  return lines;
}
