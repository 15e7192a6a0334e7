import { describe, expect, test } from 'vitest';
import { deadLetterFrom } from '../../../scripts/repro/dead-letter.ts';
import { findFunction } from '../../../scripts/repro/find-function.ts';
import { commentText, literal } from '../../../scripts/repro/inert.ts';
import { type ReproFlags, reproOptions } from '../../../scripts/repro/options.ts';

const root = new URL('../../..', import.meta.url).pathname;

const envelope = {
  'error.code': 'HANDLER_FAILED',
  'error.message': 'no',
  'error.function': 'processor',
  'error.attempts': '1',
  'error.topic': 'market.raw',
  'error.partition': '3',
  'error.offset': '17',
  'error.timestamp': '5',
};

function stored(headers: Readonly<Record<string, string | undefined>>, more: object = {}) {
  const given = Object.entries(headers).filter(([, value]) => value !== undefined);
  const bytes = Object.fromEntries(given.map(([name, value]) => [name, Buffer.from(value ?? '')]));
  const at = { topic: 'market.raw.dlq', partition: 0, offset: 1, timestamp: 9, key: null, value: Buffer.from('{}') };
  return { ...at, headers: { ...bytes, ...more } };
}

describe('a dead letter', () => {
  test('is the record as it was, and what its envelope says', () => {
    const letter = deadLetterFrom(stored({ ...envelope, traceparent: '00-1' }));
    expect(letter).toMatchObject({ functionName: 'processor', code: 'HANDLER_FAILED', message: 'no', attempts: 1 });
    const { record } = letter;
    expect(record).toMatchObject({ topic: 'market.raw', partition: 3, offset: 17, timestamp: 5, key: null });
    expect(record.headers).toEqual({ traceparent: Buffer.from('00-1') });
  });

  test('has all of its headers, once: every one that it lacks is named', () => {
    const none = () => deadLetterFrom(stored({ source: 'a/1/2' }));
    for (const name of Object.keys(envelope)) expect(none).toThrow(`${name} is missing`);
    const twice = () => deadLetterFrom(stored(envelope, { 'error.code': [Buffer.from('a'), Buffer.from('b')] }));
    expect(twice).toThrow('market.raw.dlq/0/1 is no dead letter of this runtime: error.code is not there once');
    expect(() => deadLetterFrom(stored(envelope, { 'error.code': null }))).toThrow('error.code is not there once');
  });

  test.each([
    ['error.code', 'OTHER'],
    ['error.function', '../../etc/passwd'],
    ['error.function', '__proto__'],
    ['error.topic', "a'; process.exit()//"],
    ['error.partition', '1e3'],
    ['error.offset', '9'.repeat(16)],
    ['error.timestamp', 'now'],
    ['error.attempts', '-1'],
  ])('is refused with %s: %s', (name, value) => {
    expect(() => deadLetterFrom(stored({ ...envelope, [name]: value }))).toThrow(`${name} is ${JSON.stringify(value)}`);
  });
});

test('a function is found by its name among those of the tree, and nowhere else', async () => {
  const found = await findFunction(root, 'processor');
  expect(found).toMatchObject({ path: 'functions/processor/definition.ts', exportName: 'processor' });
  for (const name of ['runtime', 'other', '..', 'processor/../processor', 'constructor']) {
    await expect(findFunction(root, name)).rejects.toThrow(`its function '${name}' is not of this tree, which has:`);
  }
});

test.each([
  `'; process.exit(1); '`,
  `"\`\${process.exit(1)}\`\\`,
  '*/ process.exit(1) /*',
  `// ${'@'}vitest-environment evil`,
  '//# sourceMappingURL=data:x',
  'a\r\nb\u2028c\u2029d\0e\u202ef\ud800',
  'नमस्ते 15,5 %',
])('%j is inert', (text) => {
  expect(new Function(`return ${literal(text)}`)()).toBe(text);
  expect(literal(text)).not.toMatch(/[@#\p{C}\p{Zl}\p{Zp}]/u);
  expect(commentText(text)).not.toMatch(/[@#*\p{C}\p{Zl}\p{Zp}]/u);
});

describe('the command line', () => {
  const local = { KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:9092' };
  const options = (flags: ReproFlags) => reproOptions(flags, [], local, root);

  test('means one record', () => {
    expect(options({ partition: '3', offset: '17' }).choice).toEqual({ kind: 'at', partition: 3, offset: 17 });
    expect(options({ latest: true }).choice).toEqual({ kind: 'latest' });
    expect(options({ key: '13', topic: 'a.dlq' })).toMatchObject({
      choice: { kind: 'latest', key: '13' },
      target: { deadLetterTopic: 'a.dlq', bootstrapServers: ['127.0.0.1:9092'] },
    });
  });

  test.each<[flags: ReproFlags, problem: string]>([
    [{}, 'it takes --partition and --offset, or --latest, or --key'],
    [{ partition: '1' }, 'it takes --partition and --offset'],
    [{ partition: '1', offset: '2', latest: true }, 'it takes --partition and --offset'],
    [
      { partition: '-1', offset: 'x' },
      "--partition takes a whole number from 0 to 2147483647, not '-1'; --offset takes",
    ],
    [{ latest: true, out: '../a.test.ts' }, '--out takes a path inside the repository'],
    [{ latest: true, out: 'test/unit/a.ts' }, 'that ends in .test.ts'],
    [{ latest: true, topic: 'a/b' }, "--topic takes 1 to 249 letters, digits, dots, dashes or underscores, not 'a/b'"],
  ])('is refused: %j', (flags, problem) => expect(() => options(flags)).toThrow(problem));
});
