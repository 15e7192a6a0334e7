import { describe, expect, test } from 'vitest';
import { readOptions } from '../../../scripts/start/options.ts';
import { parsePlan } from '../../../scripts/start/plan.ts';
import { CommandError, UsageError } from '../../../scripts/support/command.ts';

describe('a plan', () => {
  test('is read with all its steps, in order of time', () => {
    const plan = '30s:-1, 10s:+2,20s:kill,21s:kill=3,500ms:poison,1m:kill-broker=2,2m:restart-broker,5s:rate=900';
    expect(parsePlan(plan)).toEqual([
      { atMs: 500, action: { kind: 'poison', count: 20 } },
      { atMs: 5_000, action: { kind: 'rate', perSecond: 900 } },
      { atMs: 10_000, action: { kind: 'add', count: 2 } },
      { atMs: 20_000, action: { kind: 'kill' } },
      { atMs: 21_000, action: { kind: 'kill', id: 3 } },
      { atMs: 30_000, action: { kind: 'remove', count: 1 } },
      { atMs: 60_000, action: { kind: 'kill-broker', id: 2 } },
      { atMs: 120_000, action: { kind: 'restart-broker' } },
    ]);
  });

  test.each(['', '10s', '10s:', '10:+1', '10s:+', '10s:fly', '10s:kill=x', '10s:rate', '10s:+1:2', 'x:+1', '1s:+1,'])(
    'that is wrong is refused with what is accepted: %s',
    (plan) => {
      expect(() => parsePlan(plan)).toThrow(UsageError);
      expect(() => parsePlan(plan)).toThrow(/--plan takes/);
    },
  );
});

describe('the options of a start', () => {
  test('have defaults', () => {
    const options = readOptions({}, [], {});
    expect(options).toMatchObject({ instances: 4, plan: [], json: false, feed: { rate: 500, poisonShare: 0.002 } });
    expect(options.bootstrapServers).toBeUndefined();
  });

  test('take brokers and names from the environment', () => {
    const env = { KAFKA_BOOTSTRAP_SERVERS: 'a:1,b:2', SOURCE_TOPIC: 'in', KAFKA_GROUP_ID: 'g' };
    const { bootstrapServers, settings } = readOptions({}, [], env);
    expect(bootstrapServers).toEqual(['a:1', 'b:2']);
    expect(settings).toMatchObject({ sourceTopic: 'in', groupId: 'g', outputTopic: undefined });
  });

  test.each([
    [{ json: true }, 'needs --for'],
    [{ json: true, burst: true }, 'needs --for'],
    [{ burst: true, rate: '5' }, 'has rates of its own'],
    [{ profile: '1s:5', rate: '5' }, 'takes the place of --rate'],
    [{ autoscale: true, plan: '1s:+1' }, 'leave +N and -N out'],
    [{ policy: 'prod' }, 'give both'],
    [{ cpu: '0.01' }, '--cpu takes a share'],
    [{ cpu: '0.2', mode: 'function' }, '--cpu holds containers'],
    [{ for: '10s', plan: '10s:+1' }, 'ends before'],
    [{ instances: '0' }, '--instances takes'],
    [{ rate: 'fast' }, '--rate takes'],
    [{ for: '600h' }, '--for takes 0s to 596h'],
  ])('are refused: %o', (flags, message) => {
    expect(() => readOptions(flags, [], {})).toThrow(UsageError);
    expect(() => readOptions(flags, [], {})).toThrow(message);
  });

  test('of a burst and its autoscaler go together, and what is given beside them counts', () => {
    const options = readOptions({ burst: true, autoscale: true, json: true, contracts: '4' }, [], {});
    expect(options).toMatchObject({ instances: 2, policy: { name: 'burst' }, endsAtRest: true, forMs: undefined });
    expect(options.feed).toMatchObject({ contracts: 4, profile: [{ perSecond: 300 }, { perSecond: 2_700 }, {}] });
    expect(readOptions({ burst: true, autoscale: true }, [], {}).endsAtRest).toBe(false);
    expect(readOptions({ burst: true, autoscale: true, mode: 'function' }, [], {}).cpu).toBeUndefined();
    expect(readOptions({ autoscale: true, policy: 'prod' }, [], {})).toMatchObject({ policy: { name: 'processor' } });
    expect(() => readOptions({ autoscale: true, policy: 'nowhere.json' }, [], {})).toThrow(CommandError);
    expect(readOptions({ autoscale: true }, [], {})).toMatchObject({ policy: { name: 'local' }, cpu: undefined });
  });

  test('refuse settings that the instances would refuse, and clusters that the feed cannot reach', () => {
    expect(() => readOptions({}, [], { KAFKA_SESSION_TIMEOUT_MS: 'long' })).toThrow(/KAFKA_SESSION_TIMEOUT_MS is/);
    expect(() => readOptions({}, [], { KAFKA_SECURITY: 'tls' })).toThrow(CommandError);
  });
});
