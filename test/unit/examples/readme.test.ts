import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

/** What README quotes: after a marker comes the text of this file, in a code block. */
const files: Readonly<Record<string, string>> = { test: './spreads.test.ts', event: './event.test.ts' };

/** What differs between a text and the files it quotes, by their markers. */
function misquoted(text: string): string[] {
  return [...text.matchAll(/^<!-- example: (\S+) -->\n+(?:```ts\n([\s\S]*?)^```$)?/gm)].flatMap(
    ([, name = '', code]) => {
      const path = files[name];
      if (path === undefined) return [`there is no example '${name}'`];
      return code === read(path) ? [] : [`the example '${name}' is not the text of ${path}`];
    },
  );
}

test('README quotes the examples word for word', () => {
  expect(misquoted(read('../../../README.md'))).toEqual([]);
});

test('README shows the handler that the examples are about', () => {
  const handler = read('./spreads.ts').replace(/^[\s\S]*?(?=export const)/, '');
  expect(handler).toContain('handle(record)');
  expect(read('../../../README.md')).toContain(handler);
});

test('a quotation that differs is seen', () => {
  const quote = (code: string): string => `text\n\n<!-- example: test -->\n\n\`\`\`ts\n${code}\`\`\`\n\nmore\n`;
  const code = read('./spreads.test.ts');
  expect(misquoted(quote(code))).toEqual([]);
  expect(misquoted(quote(code.replace('"ask":12', '"ask":13')))).toHaveLength(1);
  expect(misquoted(quote(`${code}\n`))).toHaveLength(1);
  expect(misquoted('<!-- example: test -->\nno code\n')).toHaveLength(1);
  expect(misquoted('<!-- example: other -->\n')).toEqual(["there is no example 'other'"]);
});
