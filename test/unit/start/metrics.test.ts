import { expect, test } from 'vitest';
import { exposition } from '../../../functions/hosts/container/exposition.ts';
import { createMetrics, observe } from '../../../functions/runtime/metrics.ts';
import { quantileMs, readExposition } from '../../../scripts/start/exposition.ts';
import { createGaugeBook } from '../../../scripts/start/gauges.ts';
import { createLatencies } from '../../../scripts/start/latencies.ts';

/** A page as the container really writes it. */
function pageOf(change: (metrics: ReturnType<typeof createMetrics>) => void, cpuSeconds = 1): string {
  const metrics = createMetrics();
  change(metrics);
  const lag = new Map([
    [0, 5],
    [7, 2],
  ]);
  return exposition('processor', metrics, {
    ...{ lag, assignedPartitions: 2, stuckPartitions: 0, bufferedBytes: 0, cpuSeconds, residentBytes: 2 ** 20 },
  });
}

test("a container's page of metrics is read", () => {
  const metrics = readExposition(
    pageOf((all) => {
      Object.assign(all, { recordsIn: 10, recordsOut: 7, recordsFiltered: 1, waitingForDependency: 3 });
      Object.assign(all.recordsDead, { DECODE_FAILED: 1, CONTRACT_VIOLATED: 1 });
    }),
  );
  expect(metrics).toMatchObject({
    ...{
      recordsIn: 10,
      recordsOut: 7,
      filtered: 1,
      dead: 2,
      lag: 7,
      lanesWaiting: 3,
      cpuSeconds: 1,
      rssBytes: 2 ** 20,
    },
  });
});

test('a page without metrics reads as zeros', () => {
  expect(readExposition('<html>')).toMatchObject({ recordsIn: 0, lag: 0, latency: { counts: [] } });
  expect(quantileMs(readExposition('').latency, undefined, 0.5)).toBeNull();
});

test('quantiles lie within their bucket, and count only what came since the earlier look', () => {
  const before = readExposition(pageOf((all) => observe(all.latency, 2))).latency;
  const after = readExposition(
    pageOf((all) => {
      observe(all.latency, 2);
      for (let index = 0; index < 99; index += 1) observe(all.latency, 0.03);
      observe(all.latency, 0.4);
    }),
  ).latency;
  const median = quantileMs(after, before, 0.5);
  expect(median).toBeGreaterThan(25);
  expect(median).toBeLessThanOrEqual(50);
  expect(quantileMs(after, before, 1)).toBeLessThanOrEqual(500);
  expect(quantileMs(after, before, 1)).toBeGreaterThan(250);
});

test('rates are of the last seconds', () => {
  const book = createGaugeBook();
  const at = (recordsIn: number, cpuSeconds: number) =>
    readExposition(pageOf((all) => Object.assign(all, { recordsIn, recordsOut: recordsIn - 10 }), cpuSeconds));
  expect(book.read()).toMatchObject({ inPerSecond: 0, usPerRecord: null, p50Ms: null });
  book.add(0, at(10, 0.5));
  book.add(1_000, at(10, 0.5));
  book.add(2_000, at(510, 0.6));
  book.add(3_000, at(1_010, 0.7));
  expect(book.read()).toMatchObject({ inPerSecond: 500, outPerSecond: 500, lag: 7 });
  expect(book.read().cpuPercent).toBeCloseTo(10);
  expect(book.read().usPerRecord).toBeCloseTo(200);
});

test('latencies tell quantiles to two percent', () => {
  const latencies = createLatencies();
  expect(latencies.quantile(0.5)).toBeNull();
  for (let ms = 1; ms <= 1_000; ms += 1) latencies.record(ms);
  const earlier = latencies.counts();
  for (const share of [0.01, 0.5, 0.99, 1]) {
    const quantile = latencies.quantile(share) ?? 0;
    expect(Math.abs(quantile - share * 1_000) / (share * 1_000)).toBeLessThan(0.05);
  }
  latencies.record(60_000);
  expect(latencies.quantileSince(earlier, 0.5)).toBeGreaterThan(58_000);
  latencies.record(Number.MAX_SAFE_INTEGER);
  expect(latencies.quantile(1)).toBeGreaterThan(60_000);
});
