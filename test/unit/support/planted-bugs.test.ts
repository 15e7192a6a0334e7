import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const literal = /(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)/.source;
const planted = new RegExp(`\\bfile: (${literal}|\\w+),\\s*find:\\s*(${literal}(?:\\s*\\+\\s*${literal})*)`, 'g');

/** The value of literals of a test's source, joined by `+` or alone, none of which has a placeholder. */
const literalValue = (text: string): string => new Function(`return ${text}`)() as string;

/** A test's source without what is meant not to fit. */
const sourceOf = (path: string): string => readFileSync(join(root, path), 'utf8').replace(/build\(\{ file.*/g, '');

/** The bugs that a test file plants, as its text has them: most are built only by suites that take minutes. */
function bugsOf(path: string): { file: string; find: string }[] {
  const text = sourceOf(path);
  return [...text.matchAll(planted)].map(([, file = '', find = '']) => {
    const named = new RegExp(`const ${file} = (${literal})`).exec(text)?.[1];
    return { file: literalValue(named ?? file), find: literalValue(find) };
  });
}

const suites = globSync('test/**/*.ts', { cwd: root })
  .filter((path) => !path.endsWith('planted-bugs.test.ts'))
  .map((path): [string, ReturnType<typeof bugsOf>] => [path, bugsOf(path)])
  .filter(([, bugs]) => bugs.length > 0);

test.each(suites)('%s plants its bugs in texts that are there, once each', (_, bugs) => {
  const rotten = bugs.filter(({ file, find }) => readFileSync(join(root, file), 'utf8').split(find).length !== 2);
  expect(rotten).toEqual([]);
});

test('no bug is written in a way that this does not see', () => {
  const written = suites.flatMap(([path]) => sourceOf(path).match(/\bfind:/g) ?? []).length;
  expect(suites.flatMap(([, bugs]) => bugs)).toHaveLength(written);
  expect(written).toBeGreaterThan(40);
});
