import { describe, expect, test } from 'vitest';
import { faultOptions } from '../../../scripts/faults/options.ts';
import { scenarios } from '../../../scripts/faults/scenarios.ts';

describe('faultOptions', () => {
  test('without anything: every scenario once, as the issue asks', () => {
    const { scenarios: chosen, ...rest } = faultOptions({}, []);
    expect(chosen).toEqual(scenarios);
    expect(rest).toMatchObject({ repeats: 1, instances: 4, rate: 400, partitions: 60 });
    expect(rest).toMatchObject({ sessionTimeoutMs: 10_000, brokerSessionMs: 6_000, warmUpMs: 30_000 });
    expect(rest.applications).toEqual(['container']);
  });

  test('takes what is named, in that order', () => {
    const flags = { repeats: '10', 'session-timeout': '6s', host: 'function', beside: 'kafkajs' };
    const { scenarios: chosen, ...rest } = faultOptions(flags, ['kill', 'join']);
    expect(chosen.map(({ name }) => name)).toEqual(['kill', 'join']);
    expect(rest).toMatchObject({ repeats: 10, sessionTimeoutMs: 6_000, applications: ['function', 'kafkajs'] });
  });

  test('runs the bare application alone, to be merged with a report of ours', () => {
    expect(faultOptions({ host: 'kafkajs' }, ['kill']).applications).toEqual(['kafkajs']);
  });

  test('a scenario may have a number of repeats of its own, and all the others one', () => {
    const { scenarios: chosen, repeatsOf, repeats } = faultOptions({ repeats: '2' }, ['kill:30', 'join', 'all:5']);
    expect(chosen.map(({ name }) => name).slice(0, 3)).toEqual(['kill', 'join', 'steady']);
    expect(new Set(chosen).size).toBe(scenarios.length);
    const counts = ['kill', 'join', 'steady', 'backlog'].map((name) => repeatsOf.get(name) ?? repeats);
    expect(counts).toEqual([30, 2, 5, 5]);
  });

  test.each<[Parameters<typeof faultOptions>[0], string[], string]>([
    [{}, ['kil'], "there is no scenario 'kil': they are steady,"],
    [{}, ['kill:'], "'kill:': after the colon comes how often"],
    [{}, ['kill:0'], "'kill:0': after the colon"],
    [{ repeats: '0' }, [], '--repeats takes a whole number from 1 to 1000'],
    [{ 'session-timeout': '10' }, [], '--session-timeout takes a duration'],
    [{ 'session-timeout': '3s' }, [], '--session-timeout takes 6s to 300s'],
    [{ 'broker-session': '2s' }, [], '--broker-session takes 4s to 60s'],
    [{ 'warm-up': '11m' }, [], '--warm-up takes 0s to 600s'],
    [{ host: 'lambda' }, [], '--host takes container, function or kafkajs'],
    [{ beside: 'flink' }, [], '--beside takes kafkajs'],
    [{ host: 'kafkajs', beside: 'kafkajs' }, [], '--host kafkajs goes without --beside'],
    [{ host: 'function', bundle: 'x' }, [], '--bundle goes with --host container'],
    [{ host: 'kafkajs', bundle: 'x' }, [], '--bundle goes with --host container'],
  ])('refuses %j %j', (flags, names, text) => {
    expect(() => faultOptions(flags, names)).toThrow(text);
  });

  test('each scenario has a name of its own, and says what it does', () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
    for (const { name, summary } of scenarios) {
      expect(name).toMatch(/^[a-z][a-z-]*$/);
      expect(summary).toMatch(/\.$/);
    }
  });
});
