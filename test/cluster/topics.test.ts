import { spawn } from 'node:child_process';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import { uniqueName } from '../support/topics.ts';
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

const partitionCount = (name: string) => countOf(admin, name);

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
