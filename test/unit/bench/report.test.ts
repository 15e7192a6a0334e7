import { expect, test } from 'vitest';
import { aimsOf } from '../../../scripts/bench/aims.ts';
import { type Latency, tables } from '../../../scripts/bench/report.ts';

test('latency: ours and a bare loop, each with the cores it had and what went before', () => {
  const ours: Latency = {
    ...{ warmUpSeconds: 90, records: 60_034, instanceCores: 0.15, brokerCores: 1.14, idleCores: 0.46 },
    ...{ rawMs: { p50: 4, p99: 31 }, sentMs: { p50: 9, p99: 43 }, enrichedMs: { p50: 12, p99: 55 } },
  };
  const { brokerCores: _, ...unknown } = ours;
  const bare = { ...unknown, warmUpSeconds: 20, records: 59_000, enrichedMs: { p50: 20, p99: 90 } };
  const brokerOptions = ['-XX:+UseZGC', 'num.io.threads=3'];
  const lines = tables({
    latency: { rate: 2_000, half: true, cores: 2, dataInMemory: true, brokerOptions, seconds: 30, ...ours, bare },
  }).split('\n');
  expect(lines[1]).toBe(
    "Latency at 2000 records/s, looked for half load and found 77 %, brokers' data in memory, p50 and p99 from the feed's timestamp (30 s each, after warming up)",
  );
  const row = (text: string): string | undefined => lines.find((line) => line.includes(text))?.replace(/ +/g, ' ');
  expect(row('hft-engine')).toBe(
    ' hft-engine processor 4 and 31 ms 9 and 43 ms 12 and 55 ms 0.15, brokers 1.14, idle 0.46 (60034 records, after 90 s)',
  );
  expect(row('bare kafkajs')).toBe(
    ' bare kafkajs loop, its input again 4 and 31 ms 9 and 43 ms 20 and 90 ms 0.15, idle 0.46 (59000 records, after 20 s)',
  );
  expect(row('brokers with')).toBe(' brokers with -XX:+UseZGC num.io.threads=3');
});

test('aims are held beside what a run had, and only those of the parts that it had', () => {
  const cost = { inputBytes: 200, outputBytes: 1_000, floorUs: 10, allocatedBytes: 50, floorAllocatedBytes: 100 };
  const small = { ...cost, contracts: 2, handlerUs: 15, ratio: 1.5 };
  const large = { ...cost, contracts: 160, handlerUs: 6.1, ratio: 0.61 };
  expect(aimsOf({})).toEqual([]);
  expect(aimsOf({ handler: [small, large] })).toEqual([
    { what: 'handler, 2 contracts, less 5 us', value: 1, most: 1, unit: 'x', reached: true },
    { what: 'handler, 160 contracts', value: 0.61, most: 0.6, unit: 'x', reached: false },
  ]);
  const lines = tables({ handler: [small, large] }).split('\n');
  expect(lines.filter((line) => /reached|missed/.test(line)).map((line) => line.replace(/ +/g, ' '))).toEqual([
    ' handler, 2 contracts, less 5 us 1.00x, at most 1x reached',
    ' handler, 160 contracts 0.61x, at most 0.6x missed',
  ]);
});
