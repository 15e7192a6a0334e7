import { expect, test } from 'vitest';
import { type DeadLettersFlags, deadLettersOptions } from '../../../scripts/dead-letters/options.ts';

const env = { KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:1' };

test('a command line means what it says', () => {
  const options = deadLettersOptions(
    { code: ['A', 'B'], key: 'hex:00ff', since: '2026-11-23T09:15+05:30', rate: '7', apply: true, group: 'g' },
    ['redrive', '03/007', '4/1'],
    env,
  );
  expect(options).toMatchObject({
    ...{ action: 'redrive', apply: true, rate: 7, followMs: 30_000, group: 'g', isGroupGiven: true },
    target: { deadLetterTopic: 'market.raw.dlq' },
    filter: { states: ['waiting'], places: ['3/7', '4/1'], codes: ['A', 'B'], key: Buffer.of(0, 255) },
  });
  expect(options.filter.sinceMs).toBe(Date.UTC(2026, 10, 23, 3, 45));
  const dayAgo = deadLettersOptions({ since: '24h', state: ['all'] }, ['list'], env).filter;
  expect(Math.abs(Date.now() - 86_400_000 - (dayAgo.sinceMs ?? 0))).toBeLessThan(60_000);
  expect(dayAgo.states).toEqual(['waiting', 'redriven', 'discarded']);
  expect(deadLettersOptions({}, ['list'], env)).toMatchObject({ apply: false, group: undefined });
  const byEnvironment = deadLettersOptions({}, ['list'], { ...env, KAFKA_GROUP_ID: 'g' });
  expect(byEnvironment).toMatchObject({ group: 'g', isGroupGiven: false });
});

test.each<[said: string, flags: DeadLettersFlags, positionals: string[]]>([
  ["it takes one of list, show, redrive, export, discard, unpark, not 'delete'", {}, ['delete']],
  ["a place is <partition>/<offset>, such as 3/17, not '3'", {}, ['redrive', '3']],
  ['show takes one place', {}, ['show']],
  ['show takes no --code: it shows one record', { code: ['A'] }, ['show', '1/1']],
  ['list takes no --apply', { apply: true }, ['list']],
  ['redrive takes no --state', { state: ['discarded'] }, ['redrive']],
  ["--state takes one of waiting, redriven, discarded, all, not 'dead'", { state: ['dead'] }, ['list']],
  ["--key hex: takes pairs of digits, not '0'", { key: 'hex:0' }, ['list']],
  ['export takes --out', {}, ['export']],
  ['discard takes places or filters', { apply: true }, ['discard']],
  ['unpark takes no places', {}, ['unpark', '1/1']],
  ['unpark takes no --code', { code: ['A'] }, ['unpark']],
  ['unpark --forget takes --key, --function or --source', { forget: true }, ['unpark']],
  ['discard takes no --forget', { forget: true }, ['discard', '1/1']],
  ['--follow takes a duration', { follow: 'long' }, ['redrive']],
  // Not the setting that it goes before, which may not even be there.
  [
    "--topic takes 1 to 249 letters, digits, dots, dashes or underscores, not 'a b\\u{1b}'",
    { topic: 'a b\u001b' },
    ['list'],
  ],
  [
    "--bootstrap-servers takes host:port, or several with commas between, not 'x'",
    { 'bootstrap-servers': 'x' },
    ['list'],
  ],
  ["--since '2026-11-23T09:15' has no zone", { since: '2026-11-23T09:15' }, ['list']],
])('%s', (said, flags, positionals) => {
  expect(() => deadLettersOptions(flags, positionals, env)).toThrow(said);
});
