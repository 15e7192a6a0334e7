import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, test } from 'vitest';
import { type EventSource, startEventSource } from '../../scripts/event-source/source.ts';
import { assertClean } from '../support/ledger/format.ts';
import { createPipeline, settingsOf, shippedBundle } from '../support/pipeline.ts';

const partitions = 6;
const ratePerSecond = 200;
const stayMs = 3_000;

test('a live group goes from containers to a function and back, as the README says: nothing lost, in order', async () => {
  const bundle = await shippedBundle();
  const pipeline = await createPipeline({ partitions });
  const bootstrapServers = inject('bootstrapServers');
  const sources: EventSource[] = [];
  const functions = async (): Promise<EventSource> => {
    const source = await startEventSource({
      ...{ bootstrapServers, topic: pipeline.topics.source, groupId: pipeline.groupId, windowMs: 100 },
      function: {
        ...{ bundle, exportName: 'processor', timeoutMs: 20_000 },
        env: settingsOf(pipeline.topics, bootstrapServers),
      },
    });
    sources.push(source);
    return source;
  };
  try {
    const containers = await pipeline.startAll(2);
    const writer = await pipeline.write({ rate: ratePerSecond, keys: 24, poison: { share: 0.02 } });
    await sleep(stayMs);

    for (const container of containers) expect(await container.stop()).toMatchObject({ code: 0 });
    const mapping = await functions();
    await sleep(stayMs);

    const handled = await mapping.stop();
    const [container] = await pipeline.startAll(1);
    await sleep(stayMs);
    await writer.stop();
    await pipeline.committed();

    expect(handled.records).toBeGreaterThan(ratePerSecond);
    expect(await container?.stop()).toMatchObject({ code: 0 });
    // Each stop, of either host, hands out nothing more, waits for what is in flight and commits it before it leaves the
    // group: whoever comes next begins behind the last record that was done. Only a host that is cut off doubles anything.
    assertClean(await pipeline.verdict(), { allowDuplicates: 0, allowUncommitted: 0 });
  } finally {
    for (const source of sources) await source.stop();
  }
});
