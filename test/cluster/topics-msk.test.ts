import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import type { TopicDeclaration } from '../../infra/topics.ts';
import { type Account, keys, market, startAccount } from '../support/msk/account.ts';
import { kafkaTopics } from '../support/msk/kafka-topics.ts';
import type { ServiceOptions } from '../support/msk/service.ts';
import { uniqueName } from '../support/topics.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const brokers = { BootstrapBrokerString: inject('bootstrapServers').join(',') };

/** Names of this run's topics: the others of the shared cluster are not in the account. */
const prefix = uniqueName('msk');
let topics: Awaited<ReturnType<typeof kafkaTopics>>;
let dir: string;
/** What is declared: two topics, of which the first is changed from test to test. */
let declared: TopicDeclaration[];

beforeAll(async () => {
  topics = await kafkaTopics(inject('bootstrapServers'), (name) => name.startsWith(prefix));
  dir = await mkdtemp(join(tmpdir(), 'hft-msk-'));
});
afterAll(async () => {
  await topics.close();
  await rm(dir, { recursive: true });
});

let round = 0;
beforeEach(() => {
  round += 1;
  declared = ['raw', 'enriched'].map((part) => ({
    name: `${prefix}.${round}.${part}`,
    partitions: 6,
    replicationFactor: 3,
    configs: {
      'cleanup.policy': 'delete',
      'compression.type': 'producer',
      'min.insync.replicas': '2',
      'retention.ms': '86400000',
      'max.message.bytes': '1048576',
    },
  }));
});

interface Settings {
  readonly service?: Partial<ServiceOptions>;
  readonly prepare?: (account: Account) => void;
  readonly flags?: readonly string[];
}

/** Runs the command as an operator does, against an account whose topics are on the real brokers. */
async function run(
  action: 'plan' | 'apply' | 'check',
  { service = {}, prepare = () => {}, flags = ['--cluster-arn', market.arn] }: Settings = {},
) {
  const account = await startAccount({ clusters: [{ ...market, brokers }], topics, staleAnswers: 1, ...service });
  prepare(account);
  const file = join(dir, `${round}.ts`);
  writeFileSync(file, `export const topics = ${JSON.stringify(declared)};\n`);
  const args = ['scripts/topics.ts', action, '--target', 'msk', '--declared', file, '--json', ...flags];
  const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...account.environment } });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (output.stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  await account.close();
  expect(account.violations).toEqual([]);
  for (const secret of Object.values(keys)) expect(output.stdout + output.stderr).not.toContain(secret);
  const changes = account.calls.filter(({ operation }) => /^(?:Create|Update)/.test(operation));
  return { code, ...output, changes: changes.map(({ operation }) => operation) };
}

/** Brokers learn of a change one after the other, and any of them may be asked. */
const settling = { timeout: 10_000, interval: 100 };

/** What the brokers have of what is declared. */
async function live() {
  const all = await topics.list();
  return declared.flatMap(({ name, configs }) => {
    const topic = all.find((one) => one.name === name);
    if (!topic) return [];
    const { partitions, replicationFactor } = topic;
    const named = Object.keys(configs).map((setting) => [setting, topic.configs[setting]]);
    return [{ name, partitions, replicationFactor, configs: Object.fromEntries(named) }];
  });
}

test("plan, apply and check by the service's calls make real topics as declared", async () => {
  const byName = { flags: ['--cluster-name', market.name, '--region', 'eu-west-1'] };
  const planned = await run('plan', byName);
  expect(planned).toMatchObject({ code: 3, changes: [] });
  expect(JSON.parse(planned.stdout)).toMatchObject({
    verdict: 'pending',
    steps: [{ kind: 'create' }, { kind: 'create' }],
  });
  expect(await live()).toEqual([]);

  expect(await run('check')).toMatchObject({ code: 1, changes: [] });
  expect(await run('apply')).toMatchObject({ code: 0, changes: ['CreateTopic', 'CreateTopic'] });
  await expect.poll(live, settling).toEqual(declared);

  expect(await run('check', byName)).toMatchObject({ code: 0, changes: [] });
  expect(await run('apply')).toMatchObject({ code: 0, changes: [] });
});

test('apply changes settings and adds partitions, keeps what was set by hand, and goes on where it stopped', async () => {
  const [raw] = declared;
  if (!raw) throw new Error('nothing is declared');
  await topics.create(raw.name, 3, 3, { ...raw.configs, 'retention.ms': '5000', 'retention.bytes': '123456789' });
  const service = { configs: 'replace' } as const;

  const refuse = (account: Account) => account.fail('CreateTopic', 'ForbiddenException', 'no');
  const flags = ['--cluster-arn', market.arn, '--accept-key-movement', raw.name];
  const stopped = await run('apply', { service, flags, prepare: refuse });
  expect(stopped).toMatchObject({ code: 1, changes: ['UpdateTopic', 'UpdateTopic', 'UpdateTopic', 'CreateTopic'] });
  expect(JSON.parse(stopped.stdout).failure).toMatch(
    /^MSK refuses CreateTopic of \S+ to this user: allow kafka-cluster:/,
  );
  await expect.poll(live, settling).toEqual([raw]);

  expect(await run('apply', { service })).toMatchObject({ code: 0, changes: ['CreateTopic'] });
  await expect.poll(live, settling).toEqual(declared);
  const configs = (await topics.list()).find(({ name }) => name === raw.name)?.configs;
  expect(configs).toMatchObject({ 'retention.bytes': '123456789' });
});

test("a cluster without topic calls is served by Kafka's protocol, on the brokers that the service names", async () => {
  const service = { topicCalls: 'unsupported' } as const;
  expect(await run('apply', { service })).toMatchObject({ code: 0, changes: [] });
  await expect.poll(live, settling).toEqual(declared);
  expect(await run('check', { service: { clusters: [{ ...market, brokers, type: 'SERVERLESS' }] } })).toMatchObject({
    code: 0,
    changes: [],
  });
});
