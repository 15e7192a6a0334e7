import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, onTestFinished, test } from 'vitest';
import { openCluster } from '../../infra/cluster/cluster.ts';
import { deadLettersOptions } from '../../scripts/dead-letters/options.ts';
import { runDeadLetters } from '../../scripts/dead-letters/run.ts';
import { scan, wholeExtent } from '../../scripts/dead-letters/scan.ts';
import { insist } from '../../scripts/support/insist.ts';
import { wholeTopic, withCluster } from '../../scripts/support/kafka/group-look.ts';
import type { RawRecord } from '../../scripts/support/kafka/raw-records.ts';
import { openWriter } from '../../scripts/topics/migrate/writer.ts';
import { bodyOf, envelopeOf } from '../support/raw-body.ts';
import { createTopics } from '../support/topics.ts';

const partitions = 6;
const each = 400;

test('the brokers under a redrive are killed one after the other: each record goes once, in order', {
  timeout: 240_000,
}, async ({ annotate }) => {
  const cluster = openCluster(inject('clusterDir'));
  if (!cluster) throw new Error('the cluster of this project is not there');
  const target = { bootstrapServers: inject('bootstrapServers'), security: {} };
  const { source, dlq } = await createTopics({ source: { partitions }, dlq: { partitions: 2 } });
  const records = [0, 1].map((to): [number, RawRecord[]] => [
    to,
    Array.from({ length: (partitions / 2) * each }, (_, index) => {
      const at = {
        topic: source,
        partition: to + 2 * (index % 3),
        offset: Math.floor(index / 3),
        timestamp: 1_000 + index,
      };
      return { offset: 0, timestamp: Date.now(), key: null, body: bodyOf('k', String(at.offset), envelopeOf(at)) };
    }),
  ]);
  const write = () =>
    withCluster(target, [dlq], async (one) => {
      const writer = await openWriter(wholeTopic(one, dlq), one.nodes);
      await writer.write(new Map(records), () => 0);
    });
  await insist(write, () => undefined);

  const lines: string[] = [];
  const flags = {
    topic: dlq,
    'bootstrap-servers': target.bootstrapServers.join(','),
    rate: '150',
    follow: '0s',
    apply: true,
  };
  const running = runDeadLetters(deadLettersOptions(flags, ['redrive'], {}), {
    tell: (line) => void lines.push(line),
    signal: new AbortController().signal,
  });
  const down = new Set<number>();
  onTestFinished(async () => {
    for (const id of down) await cluster.restart(id);
  });
  for (const id of [1, 2]) {
    await sleep(3_000);
    await cluster.kill(id);
    down.add(id);
    await sleep(8_000);
    await cluster.restart(id);
    down.delete(id);
  }
  const report = await running;
  await annotate(lines.filter((line) => line.startsWith('again')).join('; '));
  expect(report.done).toBe(true);

  const found: string[][] = Array.from({ length: partitions }, () => []);
  const read = () =>
    withCluster(target, [source], async (one) => {
      const topic = wholeTopic(one, source);
      for (const list of found) list.length = 0;
      await scan(topic, one.nodes, await wholeExtent(topic, one.nodes), (partition, { body }) => {
        found[partition]?.push(body.toString('latin1'));
      });
    });
  await insist(read, () => undefined);
  const expected = Array.from({ length: each }, (_, offset) =>
    bodyOf('k', String(offset), [['redrive.count', '1']]).toString('latin1'),
  );
  for (const list of found) expect(list).toEqual(expected);
});
