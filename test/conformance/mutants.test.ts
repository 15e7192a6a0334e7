import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Fault } from '../support/mutants.ts';
import { proofs } from '../support/storage-proofs.ts';
import { databaseMutants } from './database/mutants.ts';
import { mutants } from './mutants.ts';
import { expectTold } from './tell.ts';

// Who guards the suite: a row of the table is broken in one host, and the suite has to tell. All rows: test/long.

test.each(mutants.filter(({ short }) => short))('$row, broken in one host ($host.name), is told', expectTold);

const bugs: readonly (Fault & { readonly of: string })[] = [
  ...mutants.map((mutant) => ({ ...mutant, of: `${mutant.row} (${mutant.host.name})` })),
  ...databaseMutants.map((mutant) => ({ ...mutant, of: mutant.promise })),
  ...proofs.map(({ bug, name }) => ({ ...bug, of: name })),
];

test.each(bugs)('the bug of $of still fits its file', ({ file, find }) => {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  expect(text.split(find)).toHaveLength(2);
});
