import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { InboundRecord } from '../../../functions/runtime/contract.ts';
import { invoke } from '../../../functions/runtime/invoke.ts';
import { createRecord } from '../../../functions/runtime/testing.ts';
import { formatted } from '../../../scripts/new/format.ts';
import { deadLetterFrom } from '../../../scripts/repro/dead-letter.ts';
import { findFunction } from '../../../scripts/repro/find-function.ts';
import { replay } from '../../../scripts/repro/replay.ts';
import { defaultPath, testText } from '../../../scripts/repro/test-text.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** A tree of functions, for the written tests to lie in: what they are about can be mended there. */
const tree = mkdtempSync(join(tmpdir(), 'hft-repro-'));
/** The runner would take the directive for one of this file, if it stood here in one piece. */
const evil = `'"\\\`\${process.exit(9)} */ // ${'@'}vitest-environment evil //# sourceMappingURL=x`;
const fussy = `import type { RecordFunction } from '../runtime/contract.ts';
import { RetryableError } from '../runtime/errors.ts';

export const strict: RecordFunction = {
  ...{ name: 'fussy', source: 'in', group: 'g', output: 'out', deadLetters: 'in.dlq', order: 'key' },
  retry: { attempts: 3, initialDelayMs: 60_000, maxDelayMs: 60_000 },
  handle({ value }) {
    if (String(value).startsWith('later')) throw new RetryableError('not yet');
    throw new Error(String(value).slice(0, 100));
  },
};
`;

beforeAll(() => {
  cpSync(join(root, 'functions'), join(tree, 'functions'), { recursive: true });
  for (const name of ['tsconfig.json', 'biome.json', '.gitignore']) cpSync(join(root, name), join(tree, name));
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  writeFileSync(join(tree, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(tree, 'vitest.config.ts'), 'export default {};\n');
  mkdirSync(join(tree, 'functions/fussy'));
  writeFileSync(join(tree, 'functions/fussy/definition.ts'), fussy);
});
afterAll(() => rmSync(tree, { recursive: true, force: true }));

/** Lets a record die as it would in a host, and writes its test. */
async function write(functionName: string, record: InboundRecord): Promise<string> {
  // An error is known by its class, which a copied file would have of its own.
  const found = await findFunction(functionName === 'fussy' ? tree : root, functionName);
  const hasty = { ...found.definition, retry: { attempts: 3, initialDelayMs: 1, maxDelayMs: 1 } };
  const [dead] = (await invoke(hasty, [record], { env: {} })).deadLetters;
  if (dead === undefined) throw new Error('the record did not die');
  const headers = dead.headers as Parameters<typeof deadLetterFrom>[0]['headers'];
  const letter = deadLetterFrom({ ...dead, headers, offset: 40, timestamp: 7 });
  expect(await replay(letter, found)).toMatchObject({ reproduced: true });
  const path = defaultPath(letter);
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), formatted(tree, path, testText(letter, found, path)));
  return path;
}

async function run(program: string, ...args: string[]): Promise<{ code: number; stdout: string }> {
  const env = { PATH: process.env.PATH, NO_COLOR: '1', HOME: tree };
  const script = join(root, 'node_modules', program);
  return await new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { cwd: tree, env, encoding: 'utf8' }, (error, stdout) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout }),
    );
  });
}

/** The tests that pass and those that fail, by their files. */
async function results(): Promise<Record<string, string>> {
  await run('vitest/vitest.mjs', 'run', '--reporter=json', '--outputFile=results.json');
  const report = JSON.parse(readFileSync(join(tree, 'results.json'), 'utf8')) as {
    testResults: { name: string; status: string }[];
  };
  return Object.fromEntries(report.testResults.map(({ name, status }) => [name.replace(`${tree}/`, ''), status]));
}

function edit(path: string, change: (text: string) => string): void {
  const before = readFileSync(join(tree, path), 'utf8');
  expect(change(before)).not.toBe(before);
  writeFileSync(join(tree, path), change(before));
}

test('a written test passes as long as the record dies as it did, and then holds that it is handled', async () => {
  const headers = { [evil]: Buffer.from([0, 255]), twice: [Buffer.from('a'), Buffer.from('')] };
  const at = { topic: 'market.raw', partition: 3, key: '13' };
  const bad = await write('processor', createRecord({ ...at, offset: 17, value: '{"symbol_id":-1}', headers }));
  const broken = await write('processor', createRecord({ ...at, offset: 18, value: Buffer.from([0xff, 0x60]) }));
  const hostile = await write('fussy', createRecord({ topic: 'in', key: evil, value: `${evil}\n*/`, headers }));
  const large = await write('fussy', createRecord({ topic: 'in', offset: 1, value: 'x'.repeat(900_000) }));
  const tried = await write('fussy', createRecord({ topic: 'in', offset: 2, value: 'later' }));
  const tomb = await write('processor', createRecord({ ...at, offset: 19 }));

  const all = [bad, broken, hostile, large, tried, tomb];
  expect(await results()).toEqual(Object.fromEntries(all.map((path) => [path, 'passed'])));
  expect(readFileSync(join(tree, large), 'utf8').length).toBeLessThan(10_000);
  expect(readFileSync(join(tree, hostile), 'utf8')).not.toMatch(/@vitest|# sourceMappingURL/);
  expect((await run('typescript/bin/tsc', '-p', '.')).stdout.match(/^test.*/gm)).toBe(null);

  expect((await run('@biomejs/biome/bin/biome', 'ci', '--error-on-warnings', 'test')).code).toBe(0);

  edit(bad, (text) => text.replace("'CONTRACT_VIOLATED', ", "'DECODE_FAILED', "));
  edit(broken, (text) => text.replace('/2A=', '/2E='));
  edit('functions/fussy/definition.ts', (text) => text.replace('throw new Error', 'return null; throw new Error'));
  expect(await results()).toEqual({
    ...{
      [bad]: 'failed',
      [broken]: 'passed',
      [hostile]: 'failed',
      [large]: 'failed',
      [tried]: 'passed',
      [tomb]: 'passed',
    },
  });

  const swap = (text: string): string =>
    text.replace(/^ {2}expect\(died\)[\s\S]*?\);$/m, '').replace('// expect({', 'expect({');
  edit(hostile, swap);
  edit(tried, swap);
  expect(await results()).toMatchObject({ [hostile]: 'passed', [tried]: 'failed' });
}, 120_000);

test('a record that is too large for a file anyone reads is refused', async () => {
  const found = await findFunction(tree, 'fussy');
  const value = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => (index * index * 31) % 251));
  const envelope = { code: 'HANDLER_FAILED', message: 'a', function: 'fussy', attempts: '1', topic: 'in' };
  const numbers = { partition: '0', offset: '0', timestamp: '0' };
  const headers = Object.entries({ ...envelope, ...numbers }).map(([name, text]) => [
    `error.${name}`,
    Buffer.from(text),
  ]);
  const stored = { topic: 'in.dlq', partition: 0, offset: 0, timestamp: 0, key: value, value: null };
  const letter = deadLetterFrom({ ...stored, headers: Object.fromEntries(headers) });
  expect(() => testText(letter, found, 'a.test.ts')).toThrow('in.dlq/0/0 is too large for a test file');
});
