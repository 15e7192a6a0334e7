import { test } from 'vitest';
import { mutants } from '../conformance/mutants.ts';
import { expectTold } from '../conformance/tell.ts';

// Every row of the outcome table, broken on purpose in one host: the conformance suite has to tell each.

test.each(mutants)('$row, broken in one host ($host.name), is told', { timeout: 120_000 }, expectTold);
