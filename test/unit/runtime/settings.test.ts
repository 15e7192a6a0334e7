import { describe, expect, test } from 'vitest';
import { StartupError } from '../../../functions/runtime/errors.ts';
import { readSettings, shown } from '../../../functions/runtime/read-settings.ts';
import { type Settings, settingSpecs } from '../../../functions/runtime/settings.ts';

const KAFKA_BOOTSTRAP_SERVERS = 'localhost:9092';
const read = (env: Record<string, string>): Settings => readSettings({ KAFKA_BOOTSTRAP_SERVERS, ...env });

function problemsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    readSettings(env);
  } catch (error) {
    if (error instanceof StartupError) return error.problems;
    throw error;
  }
  return [];
}

describe('settings', () => {
  test('have defaults for all but the brokers', () => {
    expect(read({})).toMatchObject({
      bootstrapServers: ['localhost:9092'],
      instanceId: 1,
      groupId: undefined,
      security: 'plaintext',
      sessionTimeoutMs: 10_000,
      fetchMaxWaitMs: 500,
      fetchMinBytes: 1,
      fetchMaxBytes: 50 * 1_048_576,
      fetchMaxPartitionBytes: 1_048_576,
      metricsPort: 9_464,
      riskFreeRate: 0.065,
    });
  });

  test('that are empty or blank count as not set', () => {
    expect(read({ LOG_LEVEL: '', METRICS_PORT: '  ', KAFKA_GROUP_ID: '' })).toEqual(read({}));
  });

  test('are trimmed', () => {
    expect(read({ KAFKA_GROUP_ID: ' mine ', METRICS_PORT: ' 1 ' })).toMatchObject({ groupId: 'mine', metricsPort: 1 });
  });

  test('that are secret keep their spaces, and lose the line end of the file that they came from', () => {
    const password = (text: string): string | undefined => read({ KAFKA_PASSWORD: text }).password;
    expect(password(' pass word ')).toBe(' pass word ');
    expect(password(' pass\r\n')).toBe(' pass');
    expect(password('  \n')).toBeUndefined();
  });

  test('name the one that is required', () => {
    expect(problemsOf({})).toEqual([
      'KAFKA_BOOTSTRAP_SERVERS is not set. It takes host:port, or several with commas between. ' +
        'The brokers to ask for the rest of the cluster.',
    ]);
  });

  test('name every problem at once, with the value and what is accepted', () => {
    const problems = problemsOf({
      KAFKA_BOOTSTRAP_SERVERS: 'localhost',
      LOG_LEVEL: 'loud',
      METRICS_PORT: '70000',
      SOURCE_TOPIC: 'a/b',
      RISK_FREE_RATE: '6,5',
    });
    expect(problems).toEqual([
      "KAFKA_BOOTSTRAP_SERVERS is 'localhost', but takes host:port, or several with commas between.",
      "SOURCE_TOPIC is 'a/b', but takes 1 to 249 letters, digits, dots, dashes or underscores.",
      "METRICS_PORT is '70000', but takes a whole number from 0 to 65535.",
      "LOG_LEVEL is 'loud', but takes one of trace, debug, info, warn, error, fatal, silent.",
      expect.stringMatching(/^RISK_FREE_RATE is '6,5', but takes a number from /),
    ]);
  });

  test.each([
    ['one:1,two:65535', ['one:1', 'two:65535']],
    [' one:1 , two:2 ', ['one:1', 'two:2']],
    ['10.0.0.1:9092', ['10.0.0.1:9092']],
    ['[::1]:9092', ['[::1]:9092']],
  ])('take the brokers %s', (text, brokers) => {
    expect(read({ KAFKA_BOOTSTRAP_SERVERS: text }).bootstrapServers).toEqual(brokers);
  });

  test.each([
    'one',
    'one:',
    ':9092',
    'one:0',
    'one:65536',
    'one:1,',
    'one:1,,two:2',
    'kafka://one:1',
    'one two:1',
    '::1:9092',
  ])('do not take the brokers %j', (text) => {
    expect(problemsOf({ KAFKA_BOOTSTRAP_SERVERS: text })).toHaveLength(1);
  });
});

describe('the bounds', () => {
  const bounded = Object.values(settingSpecs).flatMap((spec) => {
    const match = /^a (whole )?number from (-?[\d.]+) to (-?[\d.]+)$/.exec(spec.accepts);
    return match === null ? [] : [{ spec, min: Number(match[2]), max: Number(match[3]), step: match[1] ? 1 : 0.01 }];
  });

  test('are on every number', () => {
    const numbers = Object.values(settingSpecs).filter((spec) => typeof spec.parse(spec.fallback ?? '') === 'number');
    expect(bounded.map(({ spec }) => spec)).toEqual(numbers);
    expect(numbers.length).toBeGreaterThan(15);
  });

  test.each(bounded)('of $spec.name are $min and $max, both allowed', ({ spec, min, max, step }) => {
    expect(spec.parse(String(min))).toBe(min);
    expect(spec.parse(String(max))).toBe(max);
    expect(spec.parse(String(min - step))).toBeUndefined();
    expect(spec.parse(String(max + step))).toBeUndefined();
  });

  test.each(bounded)('of $spec.name keep out what is no number', ({ spec }) => {
    for (const text of ['', 'NaN', 'Infinity', '1e3', '0x10', '1_000', '1,5', '--1', '5 ', 'ten', '٣']) {
      expect(spec.parse(text)).toBeUndefined();
    }
  });

  test.each(bounded.filter(({ step }) => step === 1))('of $spec.name keep out fractions', ({ spec, min }) => {
    expect(spec.parse(`${min}.5`)).toBeUndefined();
  });

  test.each(Object.values(settingSpecs))('of $name let its own default in', (spec) => {
    if (typeof spec.fallback === 'string') expect(spec.parse(spec.fallback)).toBeDefined();
    else expect([null, undefined]).toContain(spec.fallback);
  });

  test('of names are those of Kafka', () => {
    const { parse } = settingSpecs.groupId;
    expect(parse('x'.repeat(249))).toBeDefined();
    expect(parse('x'.repeat(250))).toBeUndefined();
    expect(parse('a b')).toBeUndefined();
    expect(parse('a\n')).toBeUndefined();
  });
});

describe('settings that do not go together', () => {
  test.each<[env: Record<string, string>, message: string]>([
    [{ KAFKA_HEARTBEAT_INTERVAL_MS: '3334' }, 'KAFKA_HEARTBEAT_INTERVAL_MS is 3334, but takes at most a third'],
    [{ KAFKA_FETCH_MAX_WAIT_MS: '5001' }, 'KAFKA_FETCH_MAX_WAIT_MS is 5001, but takes at most half'],
    [{ KAFKA_FETCH_MAX_BYTES: '65536' }, 'KAFKA_FETCH_MAX_PARTITION_BYTES is above KAFKA_FETCH_MAX_BYTES'],
    [{ KAFKA_SECURITY: 'scram' }, 'KAFKA_SECURITY is scram, which needs both'],
    [{ KAFKA_SECURITY: 'scram', KAFKA_USERNAME: 'u' }, 'KAFKA_SECURITY is scram, which needs both'],
    [{ KAFKA_SECURITY: 'scram', KAFKA_PASSWORD: 'p' }, 'KAFKA_SECURITY is scram, which needs both'],
  ])('%j', (env, message) => {
    const problems = problemsOf({ KAFKA_BOOTSTRAP_SERVERS, ...env });
    expect(problems).toEqual([expect.stringContaining(message)]);
  });

  test.each<[env: Record<string, string>]>([
    [{ KAFKA_HEARTBEAT_INTERVAL_MS: '3333' }],
    [{ KAFKA_FETCH_MAX_WAIT_MS: '5000' }],
    [{ KAFKA_FETCH_MAX_BYTES: '1048576' }],
    [{ KAFKA_SECURITY: 'scram', KAFKA_USERNAME: 'u', KAFKA_PASSWORD: 'p' }],
  ])('but these do: %j', (env) => {
    expect(problemsOf({ KAFKA_BOOTSTRAP_SERVERS, ...env })).toEqual([]);
  });

  test.each(['/none/ca.pem', '/'])('KAFKA_CA_FILE=%s, which is no file that can be read', (path) => {
    expect(problemsOf({ KAFKA_BOOTSTRAP_SERVERS, KAFKA_CA_FILE: path })).toEqual([
      expect.stringMatching(
        `^KAFKA_CA_FILE is '${path}', which cannot be read \\((ENOENT|EISDIR)\\): name a PEM file that exists.$`,
      ),
    ]);
  });

  test('but a KAFKA_CA_FILE that can be read does', () => {
    expect(read({ KAFKA_CA_FILE: import.meta.filename }).caFile).toBe(import.meta.filename);
  });

  test('are named together with what is wrong by itself', () => {
    const env = { KAFKA_SECURITY: 'scram', KAFKA_CA_FILE: '/none/ca.pem', METRICS_PORT: '99999' };
    expect(problemsOf(env)).toEqual([
      expect.stringMatching(/^KAFKA_BOOTSTRAP_SERVERS is not set/),
      expect.stringMatching(/^METRICS_PORT is '99999'/),
      expect.stringMatching(/^KAFKA_SECURITY is scram/),
      expect.stringMatching(/^KAFKA_CA_FILE is/),
    ]);
  });

  test.each(['KAFKA_SESSION_TIMEOUT_MS', 'KAFKA_HEARTBEAT_INTERVAL_MS', 'KAFKA_FETCH_MAX_BYTES', 'KAFKA_SECURITY'])(
    'and %s, wrong by itself, is named once',
    (name) => {
      expect(problemsOf({ KAFKA_BOOTSTRAP_SERVERS, [name]: '-1' })).toEqual([
        expect.stringContaining(`${name} is '-1'`),
      ]);
    },
  );

  test('are all named at once too', () => {
    const env = {
      KAFKA_SESSION_TIMEOUT_MS: '3000',
      KAFKA_HEARTBEAT_INTERVAL_MS: '2000',
      KAFKA_FETCH_MAX_WAIT_MS: '2000',
    };
    expect(problemsOf({ KAFKA_BOOTSTRAP_SERVERS, ...env })).toHaveLength(2);
  });
});

describe('a value in a message', () => {
  test('is masked when it is a secret', () => {
    expect(shown(settingSpecs.password, 'hunter2')).toBe('****');
    const { bootstrapServers } = settingSpecs;
    expect(shown(bootstrapServers, 'user:hunter2@a:1,b:2,me:hunter2@c:3')).toBe("'user:****@a:1,b:2,me:****@c:3'");
    const scram = { KAFKA_BOOTSTRAP_SERVERS, KAFKA_SECURITY: 'scram', KAFKA_PASSWORD: 'hunter2', LOG_LEVEL: 'x' };
    expect(problemsOf(scram).join()).not.toContain('hunter2');
    const secret = Object.values(settingSpecs).filter((spec) => 'secret' in spec && spec.secret);
    expect(secret.map(({ name }) => name)).toEqual(['KAFKA_PASSWORD']);
  });

  test('is one short line', () => {
    expect(shown({}, 'two\nlines \u001b[31m "quoted"')).toBe(`'two\\nlines \\u001b[31m "quoted"'`);
    expect(shown({}, 'x'.repeat(100))).toBe(`'${'x'.repeat(80)}...'`);
  });
});
