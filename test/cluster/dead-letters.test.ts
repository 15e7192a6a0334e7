import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import { scan, wholeExtent } from '../../scripts/dead-letters/scan.ts';
import { insist } from '../../scripts/support/insist.ts';
import { commitForEmptyGroup } from '../../scripts/support/kafka/commit.ts';
import { coordinatorOf, wholeTopic, withCluster } from '../../scripts/support/kafka/group-look.ts';
import type { RawRecord } from '../../scripts/support/kafka/raw-records.ts';
import { openWriter } from '../../scripts/topics/migrate/writer.ts';
import { createPipeline } from '../support/pipeline.ts';
import { bodyOf, envelopeOf, type TestHeader } from '../support/raw-body.ts';
import { createTopics, uniqueName } from '../support/topics.ts';

const bootstrapServers = inject('bootstrapServers');
const target = { bootstrapServers, security: {} };
const admin = kafkaClient({ brokers: bootstrapServers, clientId: 'dead-letters-test' }).admin();
const dir = mkdtempSync(join(tmpdir(), 'hft-dead-letters-'));
const group = uniqueName('dead-letters-group');
const partitions = 4;
const each = 10;
let source = '';
let dlq = '';
/** What is to come back, by partition of the source, in this order. */
const expected: Buffer[][] = [];
/** Where in the dead-letter topic the next one goes. */
const ends = [0, 0];

beforeAll(async () => {
  await admin.connect();
  ({ source, dlq } = await createTopics({ source: { partitions }, dlq: { partitions: 2 } }));
  // The broker that is asked here may hear of them last.
  const known = () =>
    withCluster(target, [source, dlq], async (one) => [source, dlq].map((name) => wholeTopic(one, name)));
  await vi.waitFor(known, { timeout: 20_000, interval: 200 });
  const letters: [partition: number, body: Buffer][] = [];
  for (let partition = 0; partition < partitions; partition += 1) {
    const own = Array.from({ length: each }, (_, index) => deadLetter(partition, 1_000 + index * 3));
    expected.push(own.map(({ alive }) => alive));
    // The last died first, as after a move of the group; and the first died twice.
    for (const { dead } of [...own.slice(-2), ...own.slice(0, -2), ...own.slice(0, 1)])
      letters.push([partition % 2, dead]);
  }
  letters.push([0, bodyOf('x', 'no envelope', [])]);
  const evil = { code: 'HANDLER_FAILED', message: '\u001b]0;owned\u0007\u202e' };
  letters.push([
    1,
    bodyOf(
      '\u001b[2J',
      '{"a":\n"\u001b[31m"}',
      envelopeOf({ topic: source, partition: 0, offset: 7, timestamp: 7 }, evil),
    ),
  ]);
  await writeDead(letters);
});
afterAll(async () => {
  await admin.disconnect();
  rmSync(dir, { recursive: true, force: true });
});

/** A dead letter, and the record that is to come of it. */
function deadLetter(partition: number, offset: number): { dead: Buffer; alive: Buffer } {
  const timestamp = 1_700_000_000_000 + offset;
  const odd: TestHeader[] = [
    ['twice', 'a'],
    ['between', null],
    ['twice', Buffer.of(0xff, 0x00)],
    [Buffer.of(0xc3, 0x28), 'a name that is no UTF-8'],
    ['', ''],
    ['error.other', 'its own'],
  ];
  const counted = offset % 2 === 0;
  const key = offset % 5 === 0 ? null : `key-${Math.floor(offset / 3) % 3}`;
  const value = key === null ? null : `{"offset":${offset}}`;
  const envelope = envelopeOf({ topic: source, partition, offset, timestamp });
  const before: TestHeader[] = counted ? [...odd, ['redrive.count', '2'], ['behind', 'b']] : odd;
  const after: TestHeader[] = counted
    ? [...odd, ['redrive.count', '3'], ['behind', 'b']]
    : [...odd, ['redrive.count', '1']];
  // Where the envelope stands must not matter.
  const dead = bodyOf(key, value, [...envelope.slice(0, 3), ...before, ...envelope.slice(3)]);
  return { dead, alive: bodyOf(key, value, after) };
}

async function writeDead(letters: readonly (readonly [partition: number, body: Buffer])[]): Promise<void> {
  const write = () =>
    withCluster(target, [dlq], async (cluster) => {
      const topic = wholeTopic(cluster, dlq);
      const records = [0, 1].map((partition): [number, RawRecord[]] => [
        partition,
        letters
          .filter(([to]) => to === partition)
          .map(([, body]) => ({ offset: 0, timestamp: Date.now(), key: null, body })),
      ]);
      const writer = await openWriter(topic, cluster.nodes);
      await writer.write(new Map(records), (partition) => ends[partition] ?? 0);
      for (const [partition, list] of records) ends[partition] = (ends[partition] ?? 0) + list.length;
    });
  // Brokers that have just started do not give producers their ids yet.
  await insist(write, () => undefined);
}

interface Ran {
  readonly code: number;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

function node(...args: string[]): Promise<Ran> {
  const env = { PATH: process.env.PATH, HFT_LOCAL_DIR: dir };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env, encoding: 'utf8' }, (error, stdout, stderr) =>
      resolve({
        ...{ code: typeof error?.code === 'number' ? error.code : 0, signal: error?.signal ?? null, stdout, stderr },
      }),
    );
  });
}

const runOn = (topic: string, ...args: string[]): Promise<Ran> =>
  node('scripts/dead-letters.ts', ...args, '--topic', topic, '--bootstrap-servers', bootstrapServers.join(','));
const run = (...args: string[]): Promise<Ran> => runOn(dlq, ...args);

/** A redrive that ends itself with a signal at a step of its first transaction. */
const ended = (signal: string, step: string): Promise<Ran> =>
  node('test/fixtures/dead-letters/ended.ts', signal, step, dlq, bootstrapServers.join(','), group);

async function list(...args: string[]) {
  const { stdout } = await run('list', '--json', ...args);
  return JSON.parse(stdout) as {
    groups: { cause: { id: string; code: string }; records: number }[];
    redriven: { place: string; to: string; fate: string }[];
  };
}

/** All that is committed in the source, by partition. */
async function redriven(): Promise<{ timestamp: number; body: Buffer; offset: number }[][]> {
  const found: { timestamp: number; body: Buffer; offset: number }[][] = Array.from({ length: partitions }, () => []);
  await withCluster(target, [source], async (cluster) => {
    const topic = wholeTopic(cluster, source);
    await scan(
      topic,
      cluster.nodes,
      await wholeExtent(topic, cluster.nodes),
      (partition, { timestamp, body, offset }) => {
        found[partition]?.push({ timestamp, body, offset });
      },
    );
  });
  return found;
}

const topicNames = async (): Promise<string[]> => await admin.listTopics();

test('listed by cause, shown so that nothing reaches the terminal, and planned with nothing changed', async () => {
  const listed = await run('list');
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  expect(listed.stdout).toContain(`${dlq}: 46 dead letters wait, 0 redriven, 0 discarded`);
  expect(listed.stdout).toMatch(/^ {2}[0-9a-f]{8} {7}44 {2}CONTRACT_VIOLATED {2}processor /m);
  expect(listed.stdout).toContain('options[#].strike: expected above #, found #');
  expect(listed.stdout).toContain('1 of them are no dead letters of this runtime');

  const { groups } = await list('--code', 'HANDLER_FAILED');
  expect(groups).toMatchObject([{ records: 1, cause: { code: 'HANDLER_FAILED' } }]);
  expect((await list('--key', 'key-1', '--source', `${source}/3`)).groups).toMatchObject([{ records: 3 }]);
  expect((await list('--cause', groups[0]?.cause.id ?? '-', '--since', '1h')).groups).toHaveLength(1);
  expect((await list('--until', '1h')).groups).toEqual([]);

  const shown = await run('show', `1/${(ends[1] ?? 0) - 1}`);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toContain('message   \\u{1b}]0;owned\\u{7}\\u{202e}');
  expect(shown.stdout).toContain('key       \\u{1b}[2J');
  expect(shown.stdout).toContain('  | {"a":\n  | "\\u{1b}[31m"}');
  for (const { stdout } of [listed, shown]) expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Cf}/u);

  const planned = await run('redrive', '--code', 'CONTRACT_VIOLATED');
  expect(planned.stdout).toContain(`40 dead letters of ${dlq} would go back, at 100 a second at most (400 ms).`);
  expect(planned.stdout).toContain('the same record died twice');
  expect(planned.stdout).toContain('20 of them were redriven before and died again.');
  expect(planned.stdout).toContain('Nothing was changed. Add --apply to do it.');
});

test('what cannot be done is one sentence, and changes nothing', async () => {
  const refusals: [args: string[], code: number, said: string][] = [
    [['redrive', '9/1', '--apply'], 1, `there is no ${dlq}/9/1. Nothing was changed`],
    [['redrive', '0/99999', '--apply'], 1, `there is no ${dlq}/0/99999`],
    [['redrive', '17', '--apply'], 2, "a place is <partition>/<offset>, such as 3/17, not '17'"],
    [['redrive', '--rate', '0', '--apply'], 2, '--rate takes a whole number from 1'],
    [['redrive', '--since', '2026-11-23T09:15', '--apply'], 2, 'has no zone'],
    [['discard', '--apply'], 2, 'discard takes places or filters'],
    [['discard', '0/0', '--out', 'x', '--apply'], 2, 'discard takes no --out'],
    [['remove'], 2, "it takes one of list, show, redrive, export, discard, unpark, not 'remove'"],
    [['show', '0/99999'], 1, `there is no ${dlq}/0/99999: it holds offsets 0 to 2`],
    [['export', '--out', join(dir, 'none.jsonl'), '--key', 'nobody'], 1, 'none.jsonl is not written'],
    [['list', '--topic', `${dlq}.none`], 1, `there is no topic ${dlq}`],
  ];
  const ran = await Promise.all(refusals.map(([args]) => run(...args)));
  for (const [index, [args, code, said]] of refusals.entries()) {
    const expectedRun = { code, stdout: '', stderr: expect.stringContaining(said) };
    if (args[0] !== 'list') expect(ran[index]).toMatchObject(expectedRun);
  }
  const foreign = await run('redrive', `0/${(ends[0] ?? 0) - 1}`, '--apply');
  expect(foreign).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('it is no dead letter: error.code is missing'),
  });
  expect(await topicNames()).not.toContain(`${dlq}.journal`);
  expect(await redriven()).toEqual([[], [], [], []]);
});

test('redriven once each, in order and to the byte, however often it is interrupted', async () => {
  const startedMs = Date.now();
  // Sent and not noted, noted and not committed, committed and not known of; an orderly end; two at the same time.
  for (const step of ['sent', 'noted', 'committed']) {
    expect(await ended('SIGKILL', step)).toMatchObject({ signal: 'SIGKILL' });
  }
  const stopped = await ended('SIGTERM', 'sent');
  expect(stopped).toMatchObject({ code: 1, stdout: expect.stringContaining('Interrupted: ') });
  expect((await redriven()).flat()).toHaveLength(10);
  const both = await Promise.all([0, 1].map(() => ended('SIGCONT', 'sent')));
  const outdone = both.filter(({ code }) => code !== 0);
  for (const { stderr } of outdone) expect(stderr).toContain('another run of this command on the same topic has begun');
  const last = await run('redrive', '--code', 'CONTRACT_VIOLATED', '--group', group, '--follow', '0s', '--apply');
  expect(last).toMatchObject({ code: 0, stderr: '' });

  const found = await redriven();
  expect(found.map((list) => list.map(({ body }) => body))).toEqual(expected);
  // With the times at which they died they would be older than the topic keeps its records.
  for (const { timestamp } of found.flat()) expect(timestamp).toBeGreaterThanOrEqual(startedMs);
  const again = await run('redrive', '--code', 'CONTRACT_VIOLATED', '--apply');
  expect(again.stdout).toContain('Nothing to do.');
  expect((await list()).groups.reduce((sum, { records }) => sum + records, 0)).toBe(2);
  expect(await redriven()).toEqual(found);
});

test('says what became of each: handled, dead again, not yet', async () => {
  const found = await redriven();
  const dead = found[0]?.[3]?.offset ?? -1;
  const next = { topic: source, partition: 0, offset: dead, timestamp: 1_700_000_001_009 };
  await writeDead([[0, bodyOf('key-0', '{}', [...envelopeOf(next), ['redrive.count', '1']])]]);
  await withCluster(target, [source], async (cluster) => {
    const { coordinator } = await coordinatorOf(cluster, group);
    const past = [0, 1, 2].map((partition): [number, number] => [
      partition,
      (found[partition]?.at(-1)?.offset ?? 0) + 1,
    ]);
    await commitForEmptyGroup(coordinator, group, source, new Map([...past, [3, found[3]?.[4]?.offset ?? 0]]));
  });
  const { redriven: told, groups } = await list('--code', 'CONTRACT_VIOLATED');
  const fates = Object.fromEntries(
    [...Map.groupBy(told, ({ fate }) => fate)].map(([fate, list]) => [fate, list.length]),
  );
  expect(fates).toEqual({ 'dead again': 1, 'not yet': 6, handled: 33 });
  expect(told.find(({ fate }) => fate === 'dead again')).toMatchObject({ to: `${source}/0/${dead}` });
  expect(groups).toMatchObject([{ records: 1 }]);
  expect((await run('list')).stdout).toContain('Of 40 redriven records: 33 handled, 1 dead again, 6 not yet.');

  // A dead letter of its own, which goes back as any other; the command waits for what becomes of it.
  const place = `0/${(ends[0] ?? 0) - 1}`;
  const once = await run('redrive', place, '--group', group, '--follow', '1s', '--apply');
  expect(once).toMatchObject({ code: 0, stdout: expect.stringContaining('Of 1 redriven record: 1 not yet.') });
});

test('discarded ones are noted, no longer listed nor redriven; an export has all of them', async () => {
  const foreign = `0/${(ends[0] ?? 0) - 2}`;
  const shown = await run('discard', foreign, '--reason', 'by mistake');
  expect(shown.stdout).toContain('would be discarded');
  expect((await run('discard', foreign, '--reason', 'by mistake', '--apply')).stdout).toContain(
    'Discarded 1 dead letter',
  );
  expect((await list()).groups).toMatchObject([{ cause: { code: 'HANDLER_FAILED' } }]);
  expect((await list('--state', 'discarded')).groups).toMatchObject([{ records: 1 }]);
  expect(await run('redrive', foreign, '--apply')).toMatchObject({
    ...{ code: 1, stderr: expect.stringContaining(`${foreign} does not wait: it is discarded`) },
  });
  expect((await run('show', foreign)).stdout).toMatch(/state {5}discarded .* by .*: by mistake\n/);

  const out = join(dir, 'all.jsonl');
  expect(await run('export', '--state', 'all', '--out', out)).toMatchObject({ code: 0 });
  expect(statSync(out).mode & 0o777).toBe(0o600);
  const rows = readFileSync(out, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(rows).toHaveLength(47);
  const name = Buffer.of(0xc3, 0x28).toString('base64');
  const odd = rows.find(({ error }) => error?.source.offset === 1_006 && error.source.partition === 2);
  expect(odd).toMatchObject({
    state: 'redriven',
    key: { base64: Buffer.from('key-2').toString('base64'), text: 'key-2' },
  });
  expect(odd.headers[3]).toEqual({
    name: { base64: name },
    value: { base64: expect.any(String), text: 'a name that is no UTF-8' },
  });
  expect(await run('export', '--state', 'all', '--out', out)).toMatchObject({ code: 1 });
});

test('a live instance gets what is redriven, and its group passes the marker behind it', async () => {
  const pipeline = await createPipeline({ partitions: 2 });
  const [instance] = await pipeline.startAll(1);
  const { source: topic, deadLetters } = pipeline.topics;
  const producer = kafkaClient({ brokers: bootstrapServers, clientId: 'dead-letters-test' }).producer();
  await producer.connect();
  await producer.send({
    topic,
    messages: [{ partition: 1, key: '13', value: 'no JSON', headers: { traceparent: '00-1' } }],
  });
  await producer.disconnect();
  await instance?.line('Record goes to the dead-letter topic');
  const place = async (): Promise<string[]> => {
    const { groups } = JSON.parse((await runOn(deadLetters, 'list', '--json')).stdout);
    return groups.map(({ example }: { example: { place: string } }) => example.place);
  };
  await expect.poll(place, { timeout: 20_000 }).toHaveLength(1);

  const to = ['--group', pipeline.groupId, '--follow', '40s', '--apply', '--json'];
  const { redriven: told } = JSON.parse((await runOn(deadLetters, 'redrive', ...to)).stdout);
  expect(told).toMatchObject([{ fate: 'dead again', to: `${topic}/1/1` }]);
  // Offset 2 is the transaction's marker: nothing waits there.
  const committed = async (): Promise<string | undefined> => {
    const [answer] = await admin.fetchOffsets({ groupId: pipeline.groupId, topics: [topic] });
    return answer?.partitions.find(({ partition }) => partition === 1)?.offset;
  };
  await expect.poll(committed, { timeout: 20_000 }).toBe('3');
  await instance?.stop();
});
