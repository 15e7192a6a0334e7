import { spawn } from 'node:child_process';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import kafkajs, { type ITopicConfig, Partitioners } from 'kafkajs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import { defaultPartition } from '../../scripts/topics/guard/movement.ts';
import type { Plan } from '../../scripts/topics/plan.ts';
import { heardOf, uniqueName } from '../support/topics.ts';
import { partitionCount as countOf, declaration as topic, topicsCommand } from '../support/topics-command.ts';

const bootstrapServers = inject('bootstrapServers');
const client = kafkaClient({ brokers: bootstrapServers, clientId: 'topics-test' });
const admin = client.admin();
const { dir, run: topics, flags: declared, dispose } = topicsCommand(bootstrapServers);

beforeAll(() => admin.connect());
afterAll(async () => {
  await admin.disconnect();
  dispose();
});

/** A broker tells of a new topic a moment after another made it. */
const patience = { timeout: 30_000 };

/** Topics as somebody made them by hand. */
async function make(...wanted: readonly ITopicConfig[]): Promise<void> {
  await admin.createTopics({ waitForLeaders: false, topics: [...wanted] });
  for (const { topic: name } of wanted) await expect.poll(() => partitionCount(name), patience).toBeGreaterThan(0);
}

const partitionCount = (name: string) => countOf(admin, name);

/** The lines about topics of a test; others that the cluster has are of other tests. */
function about(prefix: string, stdout: string): string[] {
  return stdout.split('\n').filter((line) => line.includes(prefix));
}

async function configOf(name: string, setting: string): Promise<string | undefined> {
  const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: [setting] }];
  const { resources: found } = await heardOf(() => admin.describeConfigs({ includeSynonyms: false, resources }));
  return found[0]?.configEntries[0]?.configValue;
}

test('plan shows and changes nothing, apply makes it so, and then there is nothing to do', async () => {
  const prefix = uniqueName('plan');
  const [raw, stray, fresh] = [`${prefix}.raw`, `${prefix}.stray`, `${prefix}.fresh`];
  const configEntries = [
    { name: 'retention.ms', value: '3600000' },
    { name: 'segment.bytes', value: '2097152' },
  ];
  await make({ topic: raw, numPartitions: 6, configEntries }, { topic: stray, numPartitions: 1 });
  const flags = declared([topic(raw, 6), topic(fresh, 12, { follows: raw, partitions: 3 })]);

  const plan = await topics(['plan', ...flags]);
  expect(plan.code).toBe(3);
  expect(about(prefix, plan.stdout)).toEqual([
    expect.stringMatching(
      /^ {2}~ \S+\.raw +change config: retention\.ms 3600000 \(1 h\) -> 604800000 \(7 days\), max\.message\.bytes 1048588 -> 1048576$/,
    ),
    expect.stringMatching(/^ {2}\+ \S+\.fresh +create: 3 partitions, replication 3, .*compression\.type=producer$/),
    expect.stringMatching(/^ {2}\? \S+\.stray +unknown extra: 1 partition, not declared, left alone$/),
  ]);
  expect(plan.stdout).toContain(`2 changes to make: npm run topics -- apply ${flags.join(' ')}\n`);
  expect(await partitionCount(fresh)).toBeUndefined();
  expect((await topics(['check', ...flags])).code).toBe(1);

  const apply = await topics(['apply', ...flags]);
  expect(apply.code).toBe(0);
  expect(apply.stdout).toMatch(/✓ \S+\.raw: config changed \(retention\.ms, max\.message\.bytes\), /);
  expect(apply.stdout).toMatch(/✓ \S+\.fresh: created \(3 partitions\), /);
  expect(await configOf(raw, 'retention.ms')).toBe('604800000');
  // What is not declared stays as somebody set it: an AlterConfigs that is not incremental would reset it.
  expect(await configOf(raw, 'segment.bytes')).toBe('2097152');
  expect(await partitionCount(stray)).toBe(1);

  const [check, again, second] = await Promise.all(['check', 'apply', 'plan'].map((one) => topics([one, ...flags])));
  expect([check?.code, again?.code, second?.code]).toEqual([0, 0, 0]);
  expect(again?.stdout).toContain('✓ Nothing to do: all topics are as declared.');
});

test('partitions that would have to go, and another replication, cannot be changed; the rest is', async () => {
  const prefix = uniqueName('impossible');
  const [raw, fresh] = [`${prefix}.raw`, `${prefix}.fresh`];
  await make({ topic: raw, numPartitions: 6, replicationFactor: 1 });
  const flags = declared([topic(raw, 3), topic(fresh, 1)]);

  const plan = await topics(['plan', ...flags, '--json']);
  const apply = await topics(['apply', ...flags]);

  expect(plan.code).toBe(1);
  const seen: Plan & { verdict: string } = JSON.parse(plan.stdout);
  expect(seen.verdict).toBe('impossible');
  expect(seen.steps.filter(({ kind }) => kind === 'impossible')).toEqual([
    { kind: 'impossible', name: raw, what: 'partitions', from: 6, to: 3 },
    { kind: 'impossible', name: raw, what: 'replication factor', from: 1, to: 3 },
  ]);
  expect(apply.code).toBe(1);
  expect(apply.stdout).toMatch(/✗ 2 steps done; 2 differences cannot be changed\.\n$/);
  expect(await partitionCount(fresh)).toBe(1);
  expect(await partitionCount(raw)).toBe(6);
});

test('partitions for keyed records are refused, with the keys that would move and the groups that lag', async () => {
  const prefix = uniqueName('keyed');
  const [raw, fresh, group] = [`${prefix}.raw`, `${prefix}.fresh`, `${prefix}.group`];
  await make({ topic: raw, numPartitions: 6 });
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const keys = Array.from({ length: 200 }, (_, id) => String(id % 50));
  await producer.send({ topic: raw, messages: keys.map((key) => ({ key, value: 'x' })) });
  await producer.disconnect();
  await admin.setOffsets({ groupId: group, topic: raw, partitions: [{ partition: 0, offset: '1' }] });
  const flags = declared([topic(raw, 9), topic(fresh, 1)]);
  const moves = (key: string) => defaultPartition(Buffer.from(key), 6) !== defaultPartition(Buffer.from(key), 9);

  const plan = await topics(['plan', ...flags, '--json']);
  const refused = await topics(['apply', ...flags]);

  expect(plan.code).toBe(1);
  const seen: Plan & { verdict: string } = JSON.parse(plan.stdout);
  expect(seen.verdict).toBe('refused');
  expect(seen.risks).toEqual([
    {
      topic: raw,
      ...{ from: 6, to: 9, keyed: true, divisibility: [], accepted: false },
      evidence: {
        held: 200,
        movement: {
          ...{ records: 200, keyless: 0, keys: 50, elsewhere: 0 },
          movedKeys: new Set(keys.filter(moves)).size,
          movedRecords: keys.filter(moves).length,
        },
        groups: [{ groupId: group, state: 'Empty', members: 0, lag: 199 }],
      },
    },
  ]);
  expect(refused.code).toBe(1);
  expect(refused.stdout).toMatch(/refused to add partitions, 6 -> 9: keys that move .* lose their order\.\n/);
  expect(refused.stdout).toMatch(/Of the last 200 records with 50 keys, \d+\.\d % of the keys and \d+\.\d % of/);
  expect(refused.stdout).toMatch(/drain +stop what writes/);
  expect(refused.stdout).toContain('npm run topics -- migrate');
  expect(refused.stdout).toContain('Nothing was changed.');
  expect(await partitionCount(raw)).toBe(6);
  expect(await partitionCount(fresh)).toBeUndefined();

  const accepted = await topics(['apply', ...flags, '--accept-key-movement', raw]);
  expect(accepted.code).toBe(0);
  expect(accepted.stdout).toContain('accepted with --accept-key-movement');
  expect(await partitionCount(raw)).toBe(9);
});

test('a count that does not divide is refused with nothing changed, whoever accepts what', async () => {
  const prefix = uniqueName('divides');
  const [raw, out] = [`${prefix}.raw`, `${prefix}.out`];
  const flags = declared([topic(raw, 6), topic(out, 4, { follows: raw })]);

  const apply = await topics(['apply', ...flags, '--accept-key-movement', out]);

  expect(apply.code).toBe(1);
  expect(apply.stdout).toContain(`✗ ${out} has 4 partitions, which do not divide the 6 of ${raw}`);
  expect(await partitionCount(raw)).toBeUndefined();
});

test('an apply that was killed is finished by the next, and two at once are both content', async () => {
  const prefix = uniqueName('resumed');
  const names = Array.from({ length: 12 }, (_, index) => `${prefix}.${index}`);
  const flags = declared(names.map((name) => topic(name, 6)));
  const child = spawn(process.execPath, ['scripts/topics.ts', 'apply', ...flags], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.stdout.on('data', (text: Buffer) => {
    if (text.includes('created')) child.kill('SIGKILL');
  });
  await closed;
  expect(child.signalCode).toBe('SIGKILL');

  const before = (await topics(['plan', ...flags])).code;
  const both = await Promise.all([topics(['apply', ...flags]), topics(['apply', ...flags])]);
  const after = await topics(['check', ...flags]);

  expect(before).toBe(3);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(after.code).toBe(0);
  expect(await Promise.all(names.map(partitionCount))).toEqual(names.map(() => 6));
});

test('the local cluster is found by its directory', async () => {
  const local = mkdtempSync(join(dir, 'local-'));
  const flags = declared([topic(uniqueName('local'), 1)]).slice(2);
  const none = await topics(['plan', ...flags], { HFT_LOCAL_DIR: local });
  symlinkSync(inject('clusterDir'), join(local, 'cluster'));
  const found = await topics(['plan', ...flags], { HFT_LOCAL_DIR: local });

  expect([none.code, found.code]).toEqual([1, 3]);
  expect(none.stderr).toMatch(/^topics: no local cluster was ever started: /);
  expect(found.stdout).toContain(`against the local cluster (${bootstrapServers.join(', ')})\n`);
});

test('a cluster that does not answer, and settings that are wrong: one sentence, exit code 1', async () => {
  const [unreachable, scram, called] = await Promise.all([
    topics(['plan', '--bootstrap', '127.0.0.1:1']),
    topics(['apply'], { KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1', KAFKA_SECURITY: 'scram' }),
    topics(['destroy']),
  ]);
  expect([unreachable.code, scram.code, called.code]).toEqual([1, 1, 2]);
  expect(unreachable.stderr).toMatch(
    /^topics: no Kafka broker answers at 127\.0\.0\.1:1 \(nothing listens there\): .*\n$/,
  );
  expect(scram.stderr).toContain('KAFKA_SECURITY is scram, which needs both KAFKA_USERNAME and KAFKA_PASSWORD');
  expect(called.stderr).toMatch(/^topics: it takes one of plan, check, apply, .*\n$/);
});
