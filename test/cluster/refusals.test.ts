import { createServer, type Server } from 'node:net';
import { beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { type Instance, startInstance } from '../support/instance.ts';
import { createRunTopics, type RunTopics } from '../support/ledger/topics.ts';
import { settingsOf, shippedBundle } from '../support/pipeline.ts';
import { uniqueName } from '../support/topics.ts';

const bootstrapServers = inject('bootstrapServers');
let bundle: string;
let topics: RunTopics;

beforeAll(async () => {
  bundle = await shippedBundle();
  topics = await createRunTopics(bootstrapServers, { partitions: 4, outputPartitions: 2, deadLetterPartitions: 4 });
});

function start(env: Readonly<Record<string, string>>, args = ['processor']): Instance {
  return startInstance({ bundle, args, env: { ...settingsOf(topics, bootstrapServers), ...env } });
}

const started = ({ lines }: Instance): boolean => lines.some(({ msg }) => msg.startsWith('Kafka consumer started'));

/** A server that holds a port until the test is over. */
async function listen(): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

test('every wrong setting is named at once, with what is accepted and no secret, and nothing starts', async () => {
  const instance = start({
    KAFKA_BOOTSTRAP_SERVERS: 'no-port',
    KAFKA_SESSION_TIMEOUT_MS: '5',
    METRICS_PORT: '-1',
    KAFKA_SECURITY: 'none',
    LOG_LEVEL: 'loud',
    KAFKA_USERNAME: 'user',
    KAFKA_PASSWORD: 'hunter2',
    KAFKA_GROUP_ID: 'a group',
  });

  expect(await instance.exited).toEqual({ code: 1, signal: null });
  const problems = instance.stderr.trim().split('\n');
  expect(problems).toHaveLength(6);
  for (const [name, value] of [
    ['KAFKA_BOOTSTRAP_SERVERS', 'no-port'],
    ['KAFKA_SESSION_TIMEOUT_MS', '5'],
    ['METRICS_PORT', '-1'],
    ['KAFKA_SECURITY', 'none'],
    ['LOG_LEVEL', 'loud'],
    ['KAFKA_GROUP_ID', 'a group'],
  ]) {
    const problem = problems.find((line) => line.startsWith(`processor: ${name} `));
    expect(problem).toContain(value);
  }
  expect(instance.stderr).toContain('one of plaintext, tls, scram');
  expect(instance.stderr).not.toContain('hunter2');
  expect(instance.lines).toEqual([]);
});

test('a setting that is missing, and one that a function of the bundle reads itself', async () => {
  const missing = start({ KAFKA_BOOTSTRAP_SERVERS: '' });
  const rate = start({ RISK_FREE_RATE: '6.5' });

  expect(await missing.exited).toEqual({ code: 1, signal: null });
  expect(missing.stderr).toMatch(/^processor: KAFKA_BOOTSTRAP_SERVERS .*host:port/);
  expect(await rate.exited).toEqual({ code: 1, signal: null });
  expect(rate.stderr).toMatch(/^processor: RISK_FREE_RATE /);
});

test('topics that are missing, and one whose partition count breaks the order of keys', async () => {
  const absent = { SOURCE_TOPIC: uniqueName('none'), DEAD_LETTER_TOPIC: uniqueName('none') };
  const [missing, unequal] = [start(absent), start({})];

  expect(await missing.exited).toEqual({ code: 1, signal: null });
  expect(missing.stderr.trim().split('\n')).toEqual(
    Object.values(absent).map(
      (name) =>
        `processor: Topic ${name} does not exist on ${bootstrapServers.join(',')}: create it, or correct its name.`,
    ),
  );
  expect(await unequal.exited).toEqual({ code: 1, signal: null });
  expect(unequal.stderr).toBe(
    `processor: Topic ${topics.output} has 2 partitions, but the order of a key from ${topics.source} (4) needs 4, ` +
      'as its source has: create it anew with that count.\n',
  );
  expect([missing, unequal].some(started)).toBe(false);
});

test('a broker that refuses connections is waited for, then named with what to check', async () => {
  const instance = start({ KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1', STARTUP_TIMEOUT_MS: '1000' });

  expect(await instance.exited).toEqual({ code: 1, signal: null });
  expect(instance.stderr.trim().split('\n')).toHaveLength(1);
  expect(instance.stderr).toMatch(/^processor: The cluster at 127\.0\.0\.1:1 did not answer .*within 1000 ms/);
  expect(instance.stderr).toContain('check KAFKA_BOOTSTRAP_SERVERS');
});

test.each([
  [['procesor'], "There is no function 'procesor' in this file"],
  [['processor', 'storage'], "There is nothing to do with 'storage'"],
  [[], 'No function was named'],
])('called with %j: the names that there are, and exit code 2', async (args, problem) => {
  const instance = start({}, args);

  expect(await instance.exited).toEqual({ code: 2, signal: null });
  expect(instance.stderr).toContain(`${problem}. There are: processor.`);
  expect(instance.stderr).toContain('what needs one in database.mjs');
  expect(instance.lines).toEqual([]);
});

test('a metrics port that is taken: a warning, and another port that answers', async () => {
  const taken = await listen();
  const env = { OUTPUT_TOPIC: topics.deadLetters, METRICS_PORT: String(taken) };
  const instance = start(env);

  const warning = await instance.line(`Port ${taken} for health and metrics is taken`);
  expect(warning).toMatchObject({ level: 40, port: taken });
  expect((await instance.get('/live')).status).toBe(200);
  const { port } = await instance.line('Health and metrics on http://');
  expect(port).not.toBe(taken);
  await instance.line('Kafka consumer started');
  expect(await instance.stop()).toEqual({ code: 0, signal: null });
});
