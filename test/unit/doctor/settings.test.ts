import { describe, expect, test } from 'vitest';
import { inspectSettings, mergedEnvironment, type SettingSources } from '../../../scripts/doctor/settings.ts';

const brokers = { KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:9092' };
const none: SettingSources = { flags: {}, environment: {}, envFile: {}, local: {} };

function rowOf(name: string, sources: Partial<SettingSources>) {
  return inspectSettings({ ...none, local: brokers, ...sources }).rows.find((row) => row.name === name);
}

describe('where a value comes from', () => {
  test.each([
    ['flag', { flags: { LOG_LEVEL: 'warn' }, environment: { LOG_LEVEL: 'error' } }, 'warn'],
    ['environment', { environment: { LOG_LEVEL: 'error' }, envFile: { LOG_LEVEL: 'debug' } }, 'error'],
    ['env file', { envFile: { LOG_LEVEL: 'debug' } }, 'debug'],
    ['default', {}, 'info'],
    ['default', { environment: { LOG_LEVEL: ' ' } }, 'info'],
  ] as const)('%s', (source, sources, value) => {
    expect(rowOf('LOG_LEVEL', sources)).toMatchObject({ source, value, valid: true });
  });

  test('the local cluster comes last, and a setting without default may be absent', () => {
    expect(rowOf('KAFKA_BOOTSTRAP_SERVERS', {})?.source).toBe('local cluster');
    expect(rowOf('KAFKA_BOOTSTRAP_SERVERS', { environment: brokers })?.source).toBe('environment');
    expect(rowOf('KAFKA_GROUP_ID', {})).toMatchObject({ source: 'not set', value: '', valid: true });
  });

  test('merging takes the strongest source of each', () => {
    const merged = mergedEnvironment({ ...none, flags: { SOURCE_TOPIC: 'a' }, environment: { SOURCE_TOPIC: 'b' } });
    expect(merged).toEqual({ SOURCE_TOPIC: 'a' });
  });
});

test('a secret is masked, and control characters are escaped', () => {
  expect(rowOf('KAFKA_PASSWORD', { environment: { KAFKA_PASSWORD: 'hunter2' } })?.value).toBe('****');
  expect(rowOf('KAFKA_USERNAME', { environment: { KAFKA_USERNAME: 'a\u001b[2Jb' } })?.value).toBe('a\\u001b[2Jb');
});

test('all that is invalid comes at once', () => {
  const { findings } = inspectSettings({
    ...none,
    environment: { ...brokers, LOG_LEVEL: 'loud', KAFKA_LINGER_MS: '-1', METRICS_PORT: '99999' },
  });
  expect(findings.map(({ severity, what }) => [severity, what.split(' ')[0]])).toEqual([
    ['problem', 'KAFKA_LINGER_MS'],
    ['problem', 'METRICS_PORT'],
    ['problem', 'LOG_LEVEL'],
  ]);
});

test('without any broker, says how to get one', () => {
  const [finding] = inspectSettings(none).findings;
  expect(finding?.what).toContain('KAFKA_BOOTSTRAP_SERVERS is not set');
  expect(finding?.remedy).toContain('npm run cluster -- start');
});

test.each([
  ['KAFKA_BOOTSTRAP_SERVER', 'KAFKA_BOOTSTRAP_SERVERS'],
  ['KAFKA_SESION_TIMEOUT_MS', 'KAFKA_SESSION_TIMEOUT_MS'],
])('%s is taken for a misspelling', (given, meant) => {
  const { findings } = inspectSettings({ ...none, environment: { ...brokers, [given]: '1' } });
  expect(findings).toMatchObject([{ severity: 'warning', what: `${given} is not a setting` }]);
  expect(findings[0]?.remedy).toContain(meant);
});

test('other variables are nobody’s business', () => {
  const { findings } = inspectSettings({
    ...none,
    environment: { ...brokers, PATH: '/bin', KAFKA_HOME: '/opt/kafka' },
  });
  expect(findings).toEqual([]);
});

test('settings of the database are shown and checked where one is named, with no credentials', () => {
  const environment = { ...brokers, DATABASE_URL: 'postgres://hft:hunter2@db:5432/hft', DATABASE_POOL_SIZE: '0' };
  const { rows, findings } = inspectSettings({ ...none, environment });
  const row = (name: string) => rows.find((one) => one.name === name);
  expect(row('DATABASE_URL')).toMatchObject({ source: 'environment', value: '****', valid: true });
  expect(row('DATABASE_MAX_LAG_MS')).toMatchObject({ source: 'default', value: '2000' });
  expect(findings.map(({ what }) => what)).toEqual([
    "DATABASE_POOL_SIZE is '0', but takes a whole number from 1 to 100",
  ]);
  expect(JSON.stringify({ rows, findings })).not.toContain('hunter2');
  expect(rowOf('DATABASE_URL', {})).toBeUndefined();
});
