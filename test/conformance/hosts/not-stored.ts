import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import { readTopics } from '../../support/ledger/reader.ts';
import { configureTopic, type Pipeline } from '../../support/pipeline.ts';
import type { Meanwhile, Work } from '../work.ts';
import { positionsOf } from './group.ts';

const timeoutMs = 60_000;
/** Long enough for a host that goes on where it must not. */
const restMs = 1_000;

/**
 * Starts a host while the brokers do not store what it writes to one of its topics, waits until it stands, and lets them
 * store it then. A compacted topic takes no record without a key; asking for more in-sync replicas than a topic has does
 * not stop a Kafka of today. To producers it is an error like those of brokers that are down: not about size, and it passes.
 */
export async function whileNotStored<Running>(
  pipeline: Pipeline,
  work: Work,
  start: () => Promise<Running>,
): Promise<{ readonly running: Running; readonly meanwhile: Meanwhile }> {
  const { output, deadLetters } = pipeline.topics;
  const topic = work.trouble === 'outputs not stored' ? output : deadLetters;
  await configureTopic(topic, { 'cleanup.policy': 'compact' });
  const running = await start();
  await untilItStands(pipeline, work);
  await sleep(restMs);
  const standsAt = await positionsOf(pipeline, work.partitions);
  const written = await readTopics(inject('bootstrapServers'), { deadLetters });
  await configureTopic(topic, {});
  return { running, meanwhile: { standsAt, deadLetters: written.deadLetters.partitions.flat().length } };
}

async function untilItStands(pipeline: Pipeline, { partitions, standsAt = [] }: Work): Promise<void> {
  const untilMs = Date.now() + timeoutMs;
  for (;;) {
    const positions = await positionsOf(pipeline, partitions);
    if (standsAt.every((offset, partition) => (positions[partition] ?? 0) >= offset)) return;
    if (Date.now() > untilMs) throw new Error(`The group stands at ${positions}, and not at ${standsAt}`);
    await sleep(100);
  }
}
