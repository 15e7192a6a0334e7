import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import { type OffsetsFlags, offsetsOptions } from '../../scripts/offsets/options.ts';
import { runOffsets } from '../../scripts/offsets/run.ts';
import { commitForEmptyGroup } from '../../scripts/support/kafka/commit.ts';
import { coordinatorOf, withCluster } from '../../scripts/support/kafka/group-look.ts';
import { createTopics, uniqueName } from '../support/topics.ts';

const bootstrapServers = inject('bootstrapServers');
const client = kafkaClient({ brokers: bootstrapServers, clientId: 'offsets-test' });
const admin = client.admin();
const dir = mkdtempSync(join(tmpdir(), 'hft-offsets-'));
/** A record a second from here on, in each of the three partitions. */
const startMs = Date.UTC(2026, 10, 23, 3, 45);
const perPartition = 10;
let topic = '';

beforeAll(async () => {
  // Saved offsets go there, and no local cluster of this machine may come in between.
  process.env.HFT_LOCAL_DIR = dir;
  ({ topic } = await createTopics({ topic: { partitions: 3 } }));
  const producer = client.producer();
  await Promise.all([producer.connect(), admin.connect()]);
  const messages = Array.from({ length: perPartition * 3 }, (_, index) => ({
    ...{ partition: index % 3, key: '7', value: '{}' },
    timestamp: String(startMs + Math.floor(index / 3) * 1_000),
  }));
  await producer.send({ topic, messages });
  await producer.disconnect();
});

afterAll(async () => {
  await admin.disconnect();
  rmSync(dir, { recursive: true, force: true });
});

async function offsets(group: string, action: string, flags: OffsetsFlags = {}) {
  const all = { 'bootstrap-servers': bootstrapServers.join(','), topic, group, ...flags };
  const { text, json } = await runOffsets(offsetsOptions(all, [action], {}));
  return { text, json: json as { saved?: string; replayed?: number; skipped?: number } };
}

/** What the brokers hold, asked by another client; -1 is no commit. */
async function committed(group: string): Promise<number[]> {
  const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  const at: number[] = [];
  for (const { partition, offset } of answer?.partitions ?? []) at[partition] = Number(offset);
  return at;
}

test('planned, applied, verified, and taken back: to a time, by a shift, from a file', async () => {
  const group = uniqueName('travel-group');
  await offsets(group, 'apply', { to: 'latest', new: true });
  expect(await committed(group)).toEqual([10, 10, 10]);

  const to = new Date(startMs + 6_500).toISOString();
  const plan = await offsets(group, 'plan', { to, partitions: '0-1' });
  expect(plan.json).toMatchObject({ replayed: 6, skipped: 0, refused: null });
  expect(plan.text).toContain('2 partitions would change, 0 would stay; then 6 records wait.');
  expect(await committed(group)).toEqual([10, 10, 10]);

  const back = await offsets(group, 'apply', { to, partitions: '0-1' });
  expect(await committed(group)).toEqual([7, 7, 10]);
  const saved = back.json.saved ?? '';
  expect(statSync(saved).mode & 0o777).toBe(0o600);
  expect(readFileSync(saved, 'utf8')).toContain(`${topic},0,10\n${topic},1,10\n`);

  const shown = await offsets(group, 'show');
  expect(shown.json).toMatchObject({
    ...{ state: 'Empty', members: 0 },
    partitions: [{ committed: 7, lag: 3, nextRecordAtMs: startMs + 7_000 }, { committed: 7 }, { lag: 0 }],
  });

  await offsets(group, 'undo');
  expect(await committed(group)).toEqual([10, 10, 10]);
  await offsets(group, 'undo');
  expect(await committed(group)).toEqual([7, 7, 10]);

  const out = join(dir, 'plan.csv');
  await offsets(group, 'plan', { to: '-100', out });
  expect((await offsets(group, 'apply', { to: '-2', partitions: '1' })).json).toMatchObject({ replayed: 2 });
  await expect(offsets(group, 'apply', { to: out })).rejects.toThrow(
    `${topic}/1: the group is at 5, and was at 7 when planned`,
  );
  await offsets(group, 'undo');
  await offsets(group, 'apply', { to: out });
  expect(await committed(group)).toEqual([0, 0, 0]);
  // After the last record there is no time but the end.
  await offsets(group, 'apply', { to: '2030-01-01T00:00Z' });
  expect(await committed(group)).toEqual([10, 10, 10]);
});

test('the first commits of a group are taken back as well', async () => {
  const group = uniqueName('first-group');
  await expect(offsets(group, 'apply', { to: 'latest' })).rejects.toThrow(`group ${group} has committed nothing of`);
  expect((await offsets(group, 'apply', { to: '+3', new: true })).json).toMatchObject({ skipped: 9 });
  expect(await committed(group)).toEqual([3, 3, 3]);
  await offsets(group, 'undo', { new: true });
  expect(await committed(group)).toEqual([-1, -1, -1]);
});

test('an active group is refused, by the brokers as well, and nothing is left to undo', async () => {
  const group = uniqueName('active-group');
  await offsets(group, 'apply', { to: '+3', new: true });
  const consumer = client.consumer({ groupId: group, heartbeatInterval: 500 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
  await joined;

  const refused = offsets(group, 'apply', { to: 'latest' });
  await expect(refused).rejects.toThrow(/is Stable with 1 member \(offsets-test on .*\): stop its instances first/);
  expect((await offsets(group, 'plan', { to: 'latest' })).text).toContain('An apply would be refused');
  const { target } = offsetsOptions({ 'bootstrap-servers': bootstrapServers.join(','), topic, group }, ['show'], {});
  await withCluster(target, [topic], async (cluster) => {
    const { coordinator } = await coordinatorOf(cluster, group);
    await expect(commitForEmptyGroup(coordinator, group, topic, new Map([[0, 9]]))).rejects.toThrow(
      'UNKNOWN_MEMBER_ID',
    );
  });
  await consumer.disconnect();
  expect(await committed(group)).toEqual([3, 3, 3]);
});

test('what cannot be done is one sentence, and changes nothing', async () => {
  const group = uniqueName('refused-group');
  await offsets(group, 'apply', { to: '+3', new: true });
  const file = join(dir, 'bad.csv');
  const written = (text: string): string => {
    writeFileSync(file, text);
    return file;
  };
  const refusals: [flags: () => OffsetsFlags, said: string][] = [
    [() => ({ topic: `${topic}.none`, to: 'latest' }), `there is no topic ${topic}.none on this cluster`],
    [() => ({ partitions: '2-4', to: 'latest' }), `${topic} has partitions 0 to 2, and no 3-4`],
    [() => ({ to: written(`${topic},0,11\n${topic},2,12\n`) }), `${topic}/2: 12 is not in it, it goes from 0 to 10`],
    [() => ({ to: written(`${topic},0,x\n`) }), 'bad.csv, line 1, field offset'],
    [() => ({ to: written(`${topic},7,1\n`) }), `names partitions 7 of ${topic}, which has 0 to 2`],
    [() => ({ to: written('elsewhere,0,1\n') }), `has no offsets of ${topic}`],
  ];
  for (const [flags, said] of refusals) await expect(offsets(group, 'apply', flags())).rejects.toThrow(said);
  await expect(offsets(uniqueName('other-group'), 'undo', { new: true })).rejects.toThrow('nothing to undo');
  expect(await committed(group)).toEqual([3, 3, 3]);
});

test('the command: its text, and exit codes', async () => {
  const run = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const env = { PATH: process.env.PATH, HFT_LOCAL_DIR: dir };
      const done = (error: Error | null, stdout: string, stderr: string) =>
        resolve({ code: error && 'code' in error ? Number(error.code) : 0, stdout, stderr });
      execFile(process.execPath, ['scripts/offsets.ts', ...args], { env, encoding: 'utf8' }, done);
    });
  const group = uniqueName('command-group');
  await offsets(group, 'apply', { to: '+3', new: true });
  const about = ['--bootstrap-servers', bootstrapServers.join(','), '--topic', topic, '--group', group];
  const [good, refused, wrong, dead] = await Promise.all([
    run('plan', ...about, '--to', '-2'),
    run('plan', ...about, '--partitions', '9', '--to', 'latest'),
    run('plan', '--to', '2026-11-23T09:15'),
    run('show', '--bootstrap-servers', '127.0.0.1:1'),
  ]);
  expect(good).toMatchObject({ code: 0, stderr: '' });
  expect(good.stdout).toContain('6 records will be handled again.');
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: `offsets: ${topic} has partitions 0 to 2, and no 9\n` });
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('has no zone') });
  expect(dead).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing listens there') });
});
