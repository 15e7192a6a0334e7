import { expect, test } from 'vitest';
import type { Examination } from '../../../scripts/doctor/examination.ts';
import { examinationJson } from '../../../scripts/doctor/json.ts';
import { doctorOptions } from '../../../scripts/doctor/options.ts';
import { examinationText } from '../../../scripts/doctor/text.ts';
import { UsageError } from '../../../scripts/support/command.ts';
import { table } from '../../../scripts/support/table.ts';
import { printable, ranges, some, span } from '../../../scripts/support/words.ts';

const hostile = 'a\u001b[2J\r\nb\u202e\u009b\u2028c';
const seen: Examination = {
  settings: [],
  target: {
    bootstrapServers: ['a:1'],
    security: { sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'hunter2' } },
    groupId: 'g',
    topic: 't',
    outputTopic: 'o',
    deadLetterTopic: 'd',
    expectedInstances: undefined,
  },
  findings: [
    { severity: 'problem', area: 'group', what: hostile, cause: hostile, remedy: hostile },
    { severity: 'warning', area: 'lag', what: 'w', cause: 'c', remedy: 'r' },
  ],
};

test('what came from the cluster cannot move the cursor, break a line or hide', () => {
  for (const text of [examinationText(seen, { allSettings: false, width: 100 }), examinationJson(seen)]) {
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  }
  expect(printable('a\nb ✓ é')).toBe('a\\u{a}b ✓ é');
});

test('the report marks sections, and counts at the end', () => {
  const lines = examinationText(seen, { allSettings: false, width: 100 }).trimEnd().split('\n');
  expect(lines.filter((line) => /^[✓✗!]/.test(line)).map((line) => line.slice(0, 7))).toEqual([
    '✓ setti',
    '✓ clust',
    '✗ group',
    '! lag  ',
    '✗ 1 pro',
  ]);
  expect(lines.at(-1)).toBe('✗ 1 problem, 1 warning.');
});

test('the JSON says whether all is well, and holds no credentials', () => {
  expect(JSON.parse(examinationJson(seen))).toMatchObject({ healthy: false, target: { groupId: 'g' } });
  expect(examinationJson(seen)).not.toContain('hunter2');
});

test('small texts', () => {
  expect(ranges([3, 1, 2, 7, 2, 9, 10])).toBe('1-3, 7, 9-10');
  expect(some(['a', 'b', 'c'], 2)).toBe('a, b and 1 more');
  expect([250, 4_200, 45_000, 600_000, 7_200_000, 604_800_000].map(span)).toEqual([
    '250 ms',
    '4.2 s',
    '45 s',
    '10 min',
    '2 h',
    '7 days',
  ]);
  expect(
    table([
      ['name', 'n'],
      ['a', '5'],
      ['bcdefg', '123'],
    ]),
  ).toEqual(['  name      n', '  a         5', '  bcdefg  123']);
});

test('all mistakes on the command line come at once', () => {
  const flags = { interval: '1ms', sample: 'many', 'env-file': '/nonexistent/.env', topic: '' };
  const call = () => doctorOptions(flags, ['extra'], {});
  expect(call).toThrow(UsageError);
  for (const part of ['extra', '--interval', '--sample', '--env-file', '--topic']) expect(call).toThrow(part);
});
