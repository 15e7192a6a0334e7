import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { kafkaClient } from '../../functions/kafka/kafkajs/client.ts';
import { processor } from '../../functions/processor/definition.ts';
import { invoke } from '../../functions/runtime/invoke.ts';
import { createRecord } from '../../functions/runtime/testing.ts';
import { createTopics } from '../support/topics.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bootstrapServers = inject('bootstrapServers');
const producer = kafkaClient({ brokers: bootstrapServers, clientId: 'repro-test' }).producer();
/** Where the unit project finds the written tests; the runs of other files began before. */
const folder = mkdtempSync(join(root, 'test/unit/repro/written-'));
let topic = '';
let empty = '';

beforeAll(async () => {
  const topics = await createTopics({ 'repro.dlq': { partitions: 3 }, 'empty.dlq': { partitions: 2 } });
  topic = topics['repro.dlq'];
  empty = topics['empty.dlq'];
  await producer.connect();
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await producer.disconnect();
});

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(script: string, ...args: string[]): Promise<Ran> {
  // No local cluster of this machine may come in between.
  const env = { PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`, HFT_LOCAL_DIR: join(tmpdir(), 'none') };
  return await new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { cwd: root, env, encoding: 'utf8' }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

const repro = (...flags: string[]): Promise<Ran> =>
  run('scripts/repro.ts', '--bootstrap-servers', bootstrapServers.join(','), ...flags);

/** Writes what the runtime writes of a record that the processor refuses. */
async function die(key: string, value: string, offset: number, partition: number, headers = {}): Promise<void> {
  const record = createRecord({ topic: 'market.raw', partition: 15, offset, timestamp: 1_700_000_000_000, key, value });
  const [dead] = (await invoke(processor, [record], { env: {} })).deadLetters;
  if (dead === undefined) throw new Error('the record did not die');
  const all = { ...dead.headers, ...headers } as Record<string, Buffer>; // each there once, with a value
  await producer.send({ topic, messages: [{ partition, key: dead.key, value: dead.value, headers: all }] });
}

test('a dead letter on the brokers becomes a test that passes, until the record is another', async () => {
  await producer.send({ topic, messages: [{ partition: 2, key: 'x', value: 'no envelope' }] });
  await die('13', '{"symbol_id":', 4_711, 2, { traceparent: Buffer.from('00-1') });
  await die('14', '{"symbol_id":14}', 4_712, 0);
  await die('15', '{"symbol_id":15}', 4_713, 1, { 'error.function': Buffer.from('elsewhere') });
  await die('16', '{"symbol_id":16}', 4_714, 1, { 'error.message': Buffer.from('said otherwise in an older version') });
  const path = (name: string): string => relative(root, join(folder, `${name}.test.ts`));

  const at = ['--topic', topic, '--partition', '2', '--offset'];
  const first = await repro(...at, '1', '--out', path('first'), '--json');
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(first.stdout)).toMatchObject({
    deadLetter: { topic, partition: 2, offset: 1 },
    source: { topic: 'market.raw', partition: 15, offset: 4_711 },
    ...{ function: 'processor', code: 'DECODE_FAILED', attempts: 1, file: path('first'), reproduced: true },
  });
  const second = await repro('--topic', topic, '--key', '14', '--out', path('second'));
  expect(second).toMatchObject({ code: 0, stderr: '' });
  expect(second.stdout).toContain(`dead letter  ${topic}/0/0, of market.raw/15/4712\n`);

  const tests = await run('node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', relative(root, folder));
  expect(tests.stdout.trim().split('\n').at(-1)).toBe('2 passed, 0 failed');
  expect(readFileSync(join(root, path('first')), 'utf8')).toContain(Buffer.from('00-1').toString('base64'));

  const latest = await repro('--topic', topic, '--latest', '--out', path('latest'));
  expect(latest).toMatchObject({ code: 1, stdout: expect.stringContaining('Not so with the code as it is here') });

  const refusals: [flags: string[], said: string][] = [
    [[...at, '0'], `${topic}/2/0 is no dead letter of this runtime: error.code is missing`],
    [[...at, '2'], `there is no ${topic}/2/2: it holds offsets 0 to 1`],
    [['--topic', topic, '--partition', '9', '--offset', '0'], `${topic} has partitions 0 to 2, and no 9`],
    [['--topic', topic, '--partition', '1', '--offset', '0'], "its function 'elsewhere' is not of this tree"],
    [['--topic', topic, '--key', '99'], 'has the key "99"'],
    [['--topic', empty, '--latest'], `${empty} is empty`],
    [['--topic', `${topic}.none`, '--latest'], 'cannot be read: UNKNOWN_TOPIC_OR_PARTITION'],
    [[...at, '1', '--out', path('first')], 'is there already'],
  ];
  for (const [flags, said] of refusals) {
    const out = flags.includes('--out') ? [] : ['--out', path('refused')];
    expect(await repro(...flags, ...out)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(said) });
  }
  expect(existsSync(join(root, path('refused')))).toBe(false);
});
