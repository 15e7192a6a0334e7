import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { expectTold } from './tell.ts';

// Who guards the suite: a row of the table is broken in one host, and the suite has to tell. All rows: test/long.

test.each(mutants.filter(({ short }) => short))('$row, broken in one host ($host.name), is told', expectTold);

test.each(mutants)('the bug of $row ($host.name) still fits its file', ({ file, find }) => {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  expect(text.split(find)).toHaveLength(2);
});
