import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { brokersEnv } from '../../../infra/compose/brokers.ts';
import { projectVersion } from '../../../scripts/image/options.ts';
import { type ComposeExpected, composeProblems, lintCompose } from '../../support/manifests/compose.ts';
import { describeImage } from '../../support/manifests/dockerfile.ts';

const path = (name: string): string => fileURLToPath(new URL(`../../../infra/${name}`, import.meta.url));
const read = (name: string): string => readFileSync(path(name), 'utf8');

const image = describeImage(read('image/Dockerfile'));
const expected: ComposeExpected = { imageEnv: image.env, imageBase: image.from, version: projectVersion() };
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
    ['the grace period is left out', '    stop_grace_period: 30s\n', '', /killed 10 s after SIGTERM/],
    ['draining takes longer', 'LOG_LEVEL: ', "DRAIN_DEADLINE_MS: '60000'\n      LOG_LEVEL: ", /may take 65 s/],
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
    ['another Node makes the topics', 'node:24.21.0-slim', 'node:22.0.0-slim', /topics: image is not node:24/],
  ])('%s', (_what, from, to, says) => {
    const changed = text.replaceAll(from instanceof RegExp ? new RegExp(from, 'g') : from, to);
    expect(changed).not.toBe(text);
    expect(composeProblems(file, changed, expected).join('\n')).toMatch(says);
  });
});
