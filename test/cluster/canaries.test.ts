import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect, inject, test } from 'vitest';
import { type Instance, startInstance } from '../support/instance.ts';
import { readTopics } from '../support/ledger/reader.ts';
import { createPipeline, settingsOf, shippedBundle, writeRecords } from '../support/pipeline.ts';
import { messageWith } from '../unit/processor/message.ts';

const bootstrapServers = inject('bootstrapServers');
const canary = 'c4n4ry-c4n4ry-c4n4ry';
/** What nobody may ever read anywhere. */
const secrets = {
  KAFKA_USERNAME: 'user',
  KAFKA_PASSWORD: `${canary}-kafka`,
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: `${canary}-aws`,
  AWS_SESSION_TOKEN: `${canary}-token`,
  AWS_REGION: 'eu-central-1',
  DATABASE_URL: `postgres://user:${canary}-database@127.0.0.1:1/database`,
  DATABASE_REPLICA_URLS: `postgres://user:${canary}-replica@127.0.0.1:1/database`,
  PGPASSWORD: `${canary}-pg`,
} as const;
/** As it stands, and the middle of it in base64, wherever it begins. */
const traces = [
  canary,
  ...['', 'x', 'xx'].map((before) =>
    Buffer.from(before + canary)
      .toString('base64')
      .slice(4, -4),
  ),
];

function expectNoTrace(where: string, text: string): void {
  expect({ where, found: traces.filter((trace) => text.includes(trace)) }).toEqual({ where, found: [] });
}

const said = ({ lines, stderr }: Instance): string => JSON.stringify(lines) + stderr;

test('secrets are in no log, metric, answer or dead letter, also when the instance crashes', async () => {
  const pipeline = await createPipeline({ partitions: 1 });
  const value = JSON.stringify(messageWith());
  await writeRecords(pipeline.topics.source, [
    { partition: 0, key: 'bad', value: '{' },
    { partition: 0, key: 'good', value },
  ]);
  // Thrown where nobody catches it, once the records are handled.
  const crash = `setTimeout(() => { throw new Error('nobody catches this') }, 6_000)`;
  const instance = pipeline.start({
    ...secrets,
    LOG_LEVEL: 'debug',
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(crash)}`,
  });
  await pipeline.committed();
  for (const path of ['/ready', '/metrics', '/live']) expectNoTrace(path, await (await instance.get(path)).text());
  expect(await instance.exited).toEqual({ code: 1, signal: null });
  expect(instance.lines.at(-1)?.msg).toContain('Uncaught exception');
  expectNoTrace('log', said(instance));
  const { deadLetters, output } = await readTopics(bootstrapServers, pipeline.topics, { keepValues: true });
  expect(deadLetters.partitions.flat()).toHaveLength(1);
  for (const record of [...deadLetters.partitions.flat(), ...output.partitions.flat()]) {
    expectNoTrace('record', JSON.stringify(record) + String(record.value));
  }
});

test.each([
  ['scram', 'dist/functions.mjs', 'processor', { KAFKA_SECURITY: 'scram' }],
  ['msk-iam', 'dist/functions.mjs', 'processor', { KAFKA_SECURITY: 'msk-iam' }],
  ['wrong settings', 'dist/functions.mjs', 'processor', { METRICS_PORT: 'x' }],
  ['no database', 'dist/database.mjs', 'storage', {}],
  ['a wrong URL', 'dist/database.mjs', 'storage', { DATABASE_URL: `postgres://${canary}@[:1/` }],
])('secrets are in nothing that a start says that fails: %s', async (_name, bundle, name, env) => {
  await shippedBundle();
  const topics = { source: 'canaries.none', output: 'canaries.none', deadLetters: 'canaries.none' };
  const settings = { ...settingsOf(topics, bootstrapServers), STARTUP_TIMEOUT_MS: '2000', LOG_LEVEL: 'debug' };
  const instance = startInstance({ bundle, args: [name], env: { ...settings, ...secrets, ...env } });
  expect(await instance.exited).toEqual({ code: 1, signal: null });
  expect(said(instance).length).toBeGreaterThan(20);
  expectNoTrace('log', said(instance));
});

test('secrets are in nothing that the doctor says, nor in what a build makes', async () => {
  const brokers = { KAFKA_BOOTSTRAP_SERVERS: bootstrapServers.join() };
  for (const args of [['scripts/doctor.ts'], ['scripts/doctor.ts', '--json']]) {
    expectNoTrace(args.join(' '), await run(args, { ...brokers, KAFKA_SECURITY: 'plaintext' }));
    expectNoTrace(args.join(' '), await run(args, { ...brokers, KAFKA_SECURITY: 'scram' }));
  }
  await run(['scripts/build.ts'], {});
  for (const file of ['dist/functions.mjs', 'dist/database.mjs', 'dist/sbom.json', 'dist/certificate.json']) {
    if (existsSync(file)) expectNoTrace(file, readFileSync(file, 'latin1'));
  }
});

/** What a command prints with the secrets in its environment; how it ends does not matter here. */
function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env.PATH, ...secrets, ...env }, maxBuffer: 1e8 };
    execFile(process.execPath, [...args], options, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}
