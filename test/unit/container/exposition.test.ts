import { describe, expect, test } from 'vitest';
import { type ContainerGauges, exposition } from '../../../functions/hosts/container/exposition.ts';
import { createMetrics, observe } from '../../../functions/runtime/metrics.ts';

const gauges: ContainerGauges = {
  lag: new Map([
    [3, 12],
    [4, 0],
  ]),
  assignedPartitions: 2,
  stuckPartitions: 0,
  bufferedBytes: 1_024,
  cpuSeconds: 1.5,
  residentBytes: 90_000_000,
};

interface Family {
  help?: string;
  type?: string;
  readonly samples: Map<string, number>;
}

const helpLine = /^# HELP ([a-z_]+) (\S.*)$/;
const typeLine = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/;
const sampleLine = /^([a-z_]+)(\{[a-z]+="[^"\\\n]*"(?:,[a-z]+="[^"\\\n]*")*\})? (-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/;

/** Reads the text format strictly: anything that is not allowed throws. */
function parse(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line must end');
  const families = new Map<string, Family>();
  let current = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const [, helped, help] = helpLine.exec(line) ?? [];
    const [, typed, type] = typeLine.exec(line) ?? [];
    const [, name = '', labels = '', value] = sampleLine.exec(line) ?? [];
    if (helped !== undefined && help !== undefined) {
      if (families.has(helped)) throw new Error(`${helped} comes twice`);
      families.set(helped, { help, samples: new Map() });
      current = helped;
    } else if (typed !== undefined && type !== undefined) {
      const family = families.get(typed);
      if (typed !== current || family === undefined || family.type !== undefined)
        throw new Error(`out of place: ${line}`);
      family.type = type;
    } else {
      const family = families.get(current);
      const base = family?.type === 'histogram' ? name.replace(/_(bucket|sum|count)$/, '') : name;
      if (value === undefined || family === undefined || base !== current)
        throw new Error(`not a sample of ${current}: ${line}`);
      if (family.samples.has(name + labels)) throw new Error(`twice: ${line}`);
      family.samples.set(name + labels, Number(value));
    }
  }
  return families;
}

describe('the metrics page', () => {
  test('is good Prometheus text, each metric with its help and type once', () => {
    const families = parse(exposition('processor', createMetrics(), gauges));
    for (const [name, { type }] of families) {
      expect(name).toMatch(/^hft_/);
      expect(type, name).toBeDefined();
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
    }
    expect(families.size).toBeGreaterThan(15);
  });

  test('has what was counted, by function', () => {
    const metrics = createMetrics();
    Object.assign(metrics, { recordsIn: 10, recordsOut: 5, recordsFiltered: 1, retries: 4, waitingForDependency: 1 });
    metrics.recordsDead.DECODE_FAILED = 2;
    const families = parse(exposition('processor', metrics, gauges));
    const value = (name: string, labels = ''): number | undefined =>
      families.get(name)?.samples.get(`${name}{function="processor"${labels}}`);
    expect(value('hft_records_in_total')).toBe(10);
    expect(value('hft_records_out_total')).toBe(5);
    expect(value('hft_records_filtered_total')).toBe(1);
    expect(value('hft_retries_total')).toBe(4);
    expect(value('hft_lanes_waiting')).toBe(1);
    expect(value('hft_records_dead_total', ',code="DECODE_FAILED"')).toBe(2);
    expect(value('hft_records_dead_total', ',code="HANDLER_FAILED"')).toBe(0);
    expect(value('hft_lag_records', ',partition="3"')).toBe(12);
    expect(value('hft_assigned_partitions')).toBe(2);
    expect(value('hft_buffered_bytes')).toBe(1_024);
    expect(value('hft_cpu_seconds_per_record')).toBe(0.15);
    expect(value('hft_resident_memory_bytes')).toBe(90_000_000);
  });

  test('divides by no record at the start', () => {
    expect(exposition('processor', createMetrics(), gauges)).toContain(
      'hft_cpu_seconds_per_record{function="processor"} 0\n',
    );
  });

  test('has a histogram that adds up: cumulative, in order, ended by all', () => {
    const metrics = createMetrics();
    for (const seconds of [0.001, 0.005, 0.3, 0.3, 4_000]) observe(metrics.latency, seconds);
    const samples = [...(parse(exposition('f', metrics, gauges)).get('hft_latency_seconds')?.samples ?? [])];
    const buckets = samples.flatMap(([name, count]) => {
      const match = /_bucket\{function="f",le="([^"]+)"\}$/.exec(name);
      return match === null
        ? []
        : [{ bound: match[1] === '+Inf' ? Number.POSITIVE_INFINITY : Number(match[1]), count }];
    });
    const counts = buckets.map(({ count }) => count);
    expect(buckets.map(({ bound }) => bound)).toEqual([...metrics.latency.boundsSeconds, Number.POSITIVE_INFINITY]);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(buckets.find(({ bound }) => bound === 0.005)?.count).toBe(2);
    expect(buckets.find(({ bound }) => bound === 0.5)?.count).toBe(4);
    expect(buckets.find(({ bound }) => bound === 3_600)?.count).toBe(4);
    expect(counts.at(-1)).toBe(5);
    expect(new Map(samples).get('hft_latency_seconds_count{function="f"}')).toBe(5);
    expect(new Map(samples).get('hft_latency_seconds_sum{function="f"}')).toBeCloseTo(4_000.606, 9);
  });

  test("shows the numbers of the function's own resources", () => {
    const connections = { name: 'database_connections', type: 'gauge', help: 'Open connections.', value: 3 } as const;
    expect(exposition('storage', createMetrics(), gauges, [connections])).toContain(
      '# HELP hft_database_connections Open connections.\n# TYPE hft_database_connections gauge\nhft_database_connections{function="storage"} 3\n',
    );
  });

  test('that is bad is seen as such', () => {
    const good = exposition('processor', createMetrics(), gauges);
    const [help = '', type = ''] = good.split('\n');
    expect(() => parse(`${good}${help}\n${type}\n`)).toThrow('comes twice');
    expect(() => parse(good.replace(`${type}\n`, `${type}\n${type}\n`))).toThrow('out of place');
    expect(() => parse(good.replace(' 0\n', ' NaN\n'))).toThrow('not a sample');
    expect(() => parse(good.trimEnd())).toThrow('must end');
  });
});
