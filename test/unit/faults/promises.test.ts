import { expect, test } from 'vitest';
import { brokerKilled } from '../../../scripts/faults/broker-killed.ts';
import { deadLettersRefused } from '../../../scripts/faults/dead-letters-refused.ts';
import { kill } from '../../../scripts/faults/kill.ts';
import { promisedBy } from '../../../scripts/faults/promises.ts';
import { sigterm } from '../../../scripts/faults/sigterm.ts';

const conditions = { sessionTimeoutMs: 10_000, rate: 400, instances: 4 };

test('a container is held to all that its scenario promises', () => {
  expect(promisedBy('container', sigterm, conditions)).toEqual(sigterm.promised(conditions));
});

test('a function doubles nothing where an instance doubles nothing, unless it reports what it could not finish', () => {
  const of = [sigterm, kill, brokerKilled, deadLettersRefused].map((one) => promisedBy('function', one, conditions));
  expect(of).toEqual([{ doubled: 0 }, {}, {}, {}]);
});
