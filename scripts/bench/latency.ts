import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import { startFeed } from '../feed/start.ts';
import { type BenchTopics, contractsInContainer, startBenched } from './container.ts';
import type { LatencyResult } from './report.ts';

const warmUpMs = 8_000;
const measuredMs = 20_000;
const marker = Buffer.from('"timestamp":"');
const isoLength = '2026-11-23T10:30:00.000+05:30'.length;

/**
 * From the timestamp that the feed wrote into a snapshot until a reader has the record in its hands: the raw one, which is
 * the feed's and the brokers' part of it, and the enriched one. Wall time: other work on the machine is in it.
 */
export async function benchLatency(
  topics: BenchTopics,
  bundle: string,
  rate: number,
  say: (line: string) => void,
): Promise<LatencyResult> {
  const { bootstrapServers, source, output } = topics;
  const instance = await startBenched(topics, bundle, `bench-latency-${process.pid}-${Date.now()}`);
  const kafka = kafkaClient({ brokers: [...bootstrapServers], clientId: 'bench-latency' });
  const consumer = kafka.consumer({
    groupId: `bench-reader-${process.pid}-${Date.now()}`,
    minBytes: 1,
    maxWaitTimeInMs: 500,
  });
  const seen: Record<string, number[]> = { [source]: [], [output]: [] };
  let measuring = false;
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [source, output] });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { topic, messages } }) => {
        const nowMs = Date.now();
        if (!measuring) return;
        for (const { value } of messages) {
          const at = value?.indexOf(marker) ?? -1;
          if (value === null || at < 0) continue;
          const text = value.toString('latin1', at + marker.length, at + marker.length + isoLength);
          seen[topic]?.push(nowMs - Date.parse(text));
        }
      },
    });
    const feed = await startFeed({
      bootstrapServers,
      topic: source,
      rate,
      contracts: contractsInContainer,
      symbols: 2_400,
    });
    say(`feeding ${rate} records/s for ${(warmUpMs + measuredMs) / 1_000} s ...`);
    await sleep(warmUpMs);
    measuring = true;
    await sleep(measuredMs);
    measuring = false;
    await feed.stop();
  } finally {
    await consumer.disconnect();
    await instance.stop();
  }
  const [raw = [], enriched = []] = [seen[source], seen[output]].map((all) => all?.toSorted((a, b) => a - b));
  return {
    ...{ rate, seconds: measuredMs / 1_000, records: enriched.length },
    ...{ rawP50Ms: quantile(raw, 0.5), rawP99Ms: quantile(raw, 0.99) },
    ...{ p50Ms: quantile(enriched, 0.5), p99Ms: quantile(enriched, 0.99) },
  };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
