import { describe, expect, test } from 'vitest';
import { type FeedFlags, feedOptions } from '../../../scripts/feed/options.ts';

function problem(flags: FeedFlags, positionals: string[] = [], environment: NodeJS.ProcessEnv = {}): string {
  try {
    feedOptions(flags, positionals, environment);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'none';
}

describe('flags of npm run feed', () => {
  test('are read as they mean', () => {
    const flags: FeedFlags = { rate: '250.5', for: '90s', contracts: '10', 'poison-share': '0.01', count: '7' };

    expect(feedOptions(flags, [], { KAFKA_BOOTSTRAP_SERVERS: 'a:1, [::1]:2' })).toMatchObject({
      ...{ rate: 250.5, forMs: 90_000, contracts: 10, poisonShare: 0.01, count: 7 },
      bootstrapServers: ['a:1', '[::1]:2'],
    });
  });

  test('go before the environment, and leave the brokers open when neither names them', () => {
    const environment = { KAFKA_BOOTSTRAP_SERVERS: 'nonsense' };

    expect(feedOptions({ 'bootstrap-servers': 'b:2' }, [], environment).bootstrapServers).toEqual(['b:2']);
    expect(feedOptions({}, [], {}).bootstrapServers).toBeUndefined();
  });

  test.each<[FeedFlags, RegExp]>([
    [{ symbols: '0' }, /^--symbols takes a whole number from 1/],
    [{ contracts: '7' }, /^--contracts takes an even number .* not '7'$/],
    [{ contracts: '2002' }, /^--contracts takes .* to 2000/],
    [{ rate: '-1' }, /^--rate takes a number of records a second .* not '-1'$/],
    [{ rate: '1e9' }, /^--rate/],
    [{ count: '0' }, /^--count/],
    [{ for: '30' }, /^--for takes a duration/],
    [{ seed: 'x' }, /^--seed/],
    [{ 'poison-share': '1.5' }, /^--poison-share takes a share from 0 to 1/],
    [{ 'acks-timeout': 'soon' }, /^--acks-timeout takes a duration/],
    [{ 'bootstrap-servers': 'host' }, /^--bootstrap-servers takes brokers as host:port, .* not 'host'$/],
    [{ 'bootstrap-servers': '' }, /^--bootstrap-servers takes brokers/],
    [{ replay: 'x.ndjson', seed: '1' }, /^--replay .* does not go with --seed$/],
  ])('%o is refused', (flags, message) => {
    expect(problem(flags)).toMatch(message);
  });

  test('are told all that is wrong at once', () => {
    const message = problem({ symbols: 'x', contracts: '3' }, ['stray'], { KAFKA_BOOTSTRAP_SERVERS: 'nowhere' });

    for (const part of ["'stray'", '--symbols', '--contracts', 'KAFKA_BOOTSTRAP_SERVERS'])
      expect(message).toContain(part);
  });
});
