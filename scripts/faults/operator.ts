import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ledgerClient } from '../../test/support/ledger/client.ts';
import { readTopics } from '../../test/support/ledger/reader.ts';
import { doctorOptions } from '../doctor/options.ts';
import { requiredTarget } from '../doctor/target.ts';
import { commitForEmptyGroup } from '../support/kafka/commit.ts';
import { coordinatorOf, withCluster } from '../support/kafka/group-look.ts';
import type { Operated } from './operated.ts';
import type { Stage } from './scenario.ts';

const offsetsCommand = fileURLToPath(new URL('../offsets.ts', import.meta.url));

/**
 * Puts offsets of a group without members out of range: of `deleted` partitions by removing half of what waits, of
 * `beyond` by a commit behind the end, which no topic grows to meanwhile.
 */
export async function putOutOfRange(
  { cluster: { bootstrapServers }, topics, groupId }: Stage,
  deleted: readonly number[],
  beyond: readonly number[],
): Promise<Operated & { readonly committed: ReadonlyMap<number, number> }> {
  const topic = topics.source;
  const { source } = await readTopics(bootstrapServers, { source: topic });
  const committed = await committedOffsets(bootstrapServers, groupId, topic);
  const at = (partition: number): number => Math.max(0, committed.get(partition) ?? 0);
  const endOf = (partition: number): number => (source.partitions[partition]?.at(-1)?.offset ?? -1) + 1;
  const removed = new Map(
    deleted.map((partition) => {
      const from = at(partition);
      return [partition, { from, to: from + Math.ceil((endOf(partition) - from) / 2) }];
    }),
  );
  for (const [partition, { from, to }] of removed) {
    if (to <= from) throw new Error(`the group is not behind on partition ${partition}: nothing can be removed unread`);
  }
  const admin = ledgerClient(bootstrapServers).admin();
  await admin.connect();
  try {
    await admin.fetchTopicOffsets(topic); // without it, kafkajs knows no leaders
    const partitions = [...removed].map(([partition, { to }]) => ({ partition, offset: String(to) }));
    await admin.deleteTopicRecords({ topic, partitions });
  } finally {
    await admin.disconnect();
  }
  const far = new Map(beyond.map((partition) => [partition, endOf(partition) + 1_000_000]));
  const fromMs = Date.now();
  const flags = { 'bootstrap-servers': bootstrapServers.join(','), group: groupId, topic };
  if (far.size > 0) {
    await withCluster(requiredTarget(doctorOptions(flags, [], {}).sources), [topic], async (known) => {
      await commitForEmptyGroup((await coordinatorOf(known, groupId)).coordinator, groupId, topic, far);
    });
  }
  const untilMs = Date.now();
  const commits = [...far].map(([partition, offset]) => ({ partition, offset, fromMs, untilMs }));
  return { source, removed, commits, committed };
}

/** Does what an instance says of such a partition: `npm run offsets`, to what is left, or back to where the group was. */
export async function moveBack(
  { cluster, topics, groupId }: Stage,
  deleted: readonly number[],
  beyond: ReadonlyMap<number, number>,
): Promise<void> {
  const dir = mkdtempSync(join(cluster.dir, 'offsets-'));
  const file = join(dir, 'back.csv');
  const [topic, servers] = [topics.source, cluster.bootstrapServers.join(',')];
  const env = { ...process.env, HFT_LOCAL_DIR: dir }; // what it saves of the offsets before
  const apply = async (to: string, partitions: Iterable<number>): Promise<void> => {
    const where = ['--group', groupId, '--topic', topic, '--bootstrap-servers', servers];
    const args = [offsetsCommand, 'apply', '--to', to, '--partitions', [...partitions].join(','), ...where];
    await promisify(execFile)(process.execPath, args, { env });
  };
  try {
    writeFileSync(file, [...beyond].map(([partition, offset]) => `${topic},${partition},${offset}\n`).join(''));
    await apply('earliest', deleted);
    await apply(file, beyond.keys());
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Where the group stands, by partition; -1 where it has committed nothing. */
export async function committedOffsets(
  bootstrapServers: readonly string[],
  groupId: string,
  topic: string,
): Promise<Map<number, number>> {
  const admin = ledgerClient(bootstrapServers).admin();
  await admin.connect();
  try {
    const [answer] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return new Map(answer?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  } finally {
    await admin.disconnect();
  }
}
