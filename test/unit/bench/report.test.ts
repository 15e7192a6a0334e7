import { expect, test } from 'vitest';
import { type Latency, tables } from '../../../scripts/bench/report.ts';

test('latency: ours and a bare loop, each with the cores it had and what went before', () => {
  const ours: Latency = {
    ...{ warmUpSeconds: 90, records: 60_034, instanceCores: 0.15, brokerCores: 1.14, idleCores: 0.46 },
    ...{ rawMs: { p50: 4, p99: 31 }, sentMs: { p50: 9, p99: 43 }, enrichedMs: { p50: 12, p99: 55 } },
  };
  const { brokerCores: _, ...unknown } = ours;
  const bare = { ...unknown, warmUpSeconds: 20, records: 59_000, enrichedMs: { p50: 20, p99: 90 } };
  const lines = tables({ latency: { rate: 2_000, seconds: 30, ...ours, bare } }).split('\n');
  expect(lines[1]).toBe(
    "Latency at 2000 records/s, p50 and p99 from the feed's timestamp (30 s each, after warming up)",
  );
  const row = (text: string): string | undefined => lines.find((line) => line.includes(text))?.replace(/ +/g, ' ');
  expect(row('hft-engine')).toBe(
    ' hft-engine processor 4 and 31 ms 9 and 43 ms 12 and 55 ms 0.15, brokers 1.14, idle 0.46 (60034 records, after 90 s)',
  );
  expect(row('bare kafkajs')).toBe(
    ' bare kafkajs loop, its input again 4 and 31 ms 9 and 43 ms 20 and 90 ms 0.15, idle 0.46 (59000 records, after 20 s)',
  );
});
