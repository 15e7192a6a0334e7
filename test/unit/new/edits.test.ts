import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { addToMain, identifiersOf } from '../../../scripts/new/edit-main.ts';
import { addDeployed, addToServerless } from '../../../scripts/new/edit-serverless.ts';
import { addPinnedTopics, addTopics } from '../../../scripts/new/edit-topics.ts';
import { namesOf } from '../../../scripts/new/names.ts';
import type { NewFunction } from '../../../scripts/new/options.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const main = read('functions/main.ts');
const functions = read('infra/serverless/functions.ts');
const declared = read('infra/topics.ts');
const lines = (text: string): string[] => text.split('\n').map((line) => line.trim());

describe('functions/main.ts', () => {
  test('gets the import, what starts it, and the export under its own name', () => {
    const twice = lines(addToMain(addToMain(main, namesOf('trial-quotes')), namesOf('trials')));
    expect(twice).toEqual(
      expect.arrayContaining([
        "import { trialQuotes as trialQuotesDefinition } from './trial-quotes/definition.ts';",
        'processor: () => runProcess(processorDefinition, digest()),',
        "'trial-quotes': () => runProcess(trialQuotesDefinition, digest()),",
        'trials: () => runProcess(trialsDefinition, digest()),',
        "export { trialQuotes as 'trial-quotes' };",
        'export const trials = lambdaHandler(trialsDefinition, digest);',
      ]),
    );
    expect(twice.filter((line) => line === 'await functions[name as keyof typeof functions]();')).toHaveLength(1);
  });

  test.each([
    ['two tables', (text: string) => text + /^const functions =[\s\S]*?as const;\n/m.exec(text)?.[0]],
    ['no table', (text: string) => text.replace('const functions =', 'const table =')],
    ['another entry', (text: string) => text.replace('const functions = {', 'const functions = { ...more,')],
    ['no start', (text: string) => text.replace('functions[name as', 'functions[which as')],
    ['no handler', (text: string) => text.replaceAll('lambdaHandler(', 'lambda(')],
    ['nothing', () => ''],
  ])('is refused when it is not as expected: %s', (_, change) => {
    expect(() => addToMain(change(main), namesOf('trials'))).toThrow(/is not as expected: .* Nothing was written/);
  });

  test('tells the names that mean something in it', () => {
    expect([...identifiersOf(main)]).toEqual(
      expect.arrayContaining(['processorDefinition', 'processor', 'digest', 'runProcess', 'functions', 'usage']),
    );
  });
});

describe.each([
  ['serverless.yml', 'msk'],
  ['serverless.self-managed.yml', 'selfManaged'],
] as const)('%s', (path, variant) => {
  const template = read(path);

  test('gets an entry among the functions and one among the resources, and keeps the rest', () => {
    const changed = addToServerless(path, addToServerless(path, template, 'trial-a'), 'trial-b');
    const own = (name: string, part: string) => `\${file(infra/serverless/resolve.js):${variant}.${name}.${part}}`;
    const added = [`  trial-a: ${own('trial-a', 'function')}`, `  - ${own('trial-b', 'stack')}`];
    for (const line of added) expect(changed.split('\n')).toContain(line);
    const rest = changed.split('\n').filter((line) => !line.includes('.trial-'));
    expect(rest).toEqual(template.split('\n'));
    expect(changed.indexOf(added[0] ?? '')).toBeLessThan(changed.indexOf('\ncustom:'));
  });

  test('is refused without its blocks', () => {
    const other = template.replace('\nresources:', '\nresource:');
    expect(() => addToServerless(path, other, 'a')).toThrow(`${path} is not as expected`);
  });
});

describe('infra/serverless/functions.ts', () => {
  const spec = { name: 'trials', source: 'a', output: 'b', deadLetters: 'c', group: 'd' } as NewFunction;

  test('gets a row after the others', () => {
    const changed = addDeployed(functions, spec);
    const row = "  deployed('trials', { source: 'a', output: 'b', deadLetters: 'c', group: 'd' }),\n";
    expect(changed).toContain(`${row}];\n`);
    expect(changed.replace(row, '')).toBe(functions);
  });

  test('says of a function that it parks keys', () => {
    expect(addDeployed(functions, { ...spec, park: true })).toContain("group: 'd', park: true }),\n];\n");
  });

  test('is refused without its list', () => {
    expect(() => addDeployed(functions.replace('deployedFunctions', 'others'), spec)).toThrow(/not as expected/);
  });
});

describe('topics', () => {
  const rows = [
    { name: 'trial.raw', partitions: 60, retentionDays: 7 },
    { name: 'trial.raw.dlq', partitions: 12, retentionDays: 30, follows: 'trial.raw' },
  ];

  test('are declared after the others', () => {
    const changed = addTopics(declared, rows);
    expect(changed).toContain("\n  topic('trial.raw', 60, 7),\n  topic('trial.raw.dlq', 12, 30, 'trial.raw'),\n];\n");
    expect(changed.replace(/ {2}topic\('trial.*\n/g, '')).toBe(declared);
    expect(addTopics(declared, [])).toBe(declared);
    const parked = {
      ...{ name: 'trial.raw.dlq.parked', partitions: 60, retentionDays: 7 },
      ...{ follows: 'trial.raw', parkedOf: 'trial.raw.dlq' },
    };
    const row = "\n  parkedOf('trial.raw.dlq', 60, 'trial.raw'),\n";
    expect(addTopics(declared, [parked])).toContain(`${row}];\n`);
    // What is laid down later finds its place behind it.
    expect(addTopics(addTopics(declared, [parked]), rows)).toContain(`${row}  topic('trial.raw', 60, 7),\n`);
    expect(() => addTopics('', rows)).toThrow(/not as expected/);
  });

  test('are pinned where a test pins them', () => {
    const pinned = "toEqual([\n    ['market.raw', 60, 3],\n  ]);\n";
    expect(addPinnedTopics(pinned, rows)).toBe(
      "toEqual([\n    ['market.raw', 60, 3],\n    ['trial.raw', 60, 3],\n    ['trial.raw.dlq', 12, 3],\n  ]);\n",
    );
    expect(addPinnedTopics('no list', rows)).toBe('no list');
  });
});
