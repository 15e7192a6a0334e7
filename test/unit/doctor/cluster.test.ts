import { describe, expect, test } from 'vitest';
import { topics as declared } from '../../../infra/topics.ts';
import { diagnoseBrokers, diagnoseUnreachable } from '../../../scripts/doctor/cluster-diagnosis.ts';
import { diagnosePartitions } from '../../../scripts/doctor/partition-diagnosis.ts';
import { diagnoseTopics } from '../../../scripts/doctor/topic-diagnosis.ts';
import type { ClusterFacts, PartitionFacts, TopicFacts } from '../../../scripts/support/kafka/cluster-facts.ts';
import { troubleOf } from '../../../scripts/support/kafka/trouble.ts';

const configs = {
  'cleanup.policy': 'delete',
  'min.insync.replicas': '2',
  'retention.ms': '604800000',
  'max.message.bytes': '1048576',
};

function partitions(count: number, change: Partial<PartitionFacts> = {}): PartitionFacts[] {
  return Array.from({ length: count }, (_, partition) => ({
    partition,
    leader: 1 + (partition % 3),
    replicas: [1, 2, 3],
    inSync: [1, 2, 3],
    ...change,
  }));
}

function topic(name: string, change: Partial<TopicFacts> = {}): TopicFacts {
  return { name, partitions: partitions(60), configs, ...change };
}

function cluster(change: Partial<ClusterFacts> = {}): ClusterFacts {
  const brokers = [1, 2, 3].map((nodeId) => ({ nodeId, address: `127.0.0.1:900${nodeId}`, answeredInMs: 1 }));
  return {
    bootstrap: brokers.map(({ address }) => ({ address })),
    clusterId: 'x',
    controllerId: 1,
    brokers,
    topics: [topic('market.raw')],
    ...change,
  };
}

const trouble = troubleOf(new Error('connect ECONNREFUSED 127.0.0.1:9002'));

describe('brokers', () => {
  test('three that answer are well', () => {
    expect(diagnoseBrokers(cluster())).toEqual([]);
  });

  test('one that holds replicas and is not listed is down', () => {
    const brokers = [...cluster().brokers.slice(0, 2), { nodeId: 3, address: undefined }];
    expect(diagnoseBrokers(cluster({ brokers }))).toMatchObject([{ severity: 'problem', what: 'broker 3 is down' }]);
  });

  test('one that is silent is named with its address; a foreign address points to advertised.listeners', () => {
    const silent = { nodeId: 2, address: '10.0.0.2:9092', trouble };
    const brokers = [cluster().brokers[0], silent].filter((broker) => broker !== undefined);
    const [finding] = diagnoseBrokers(cluster({ brokers }));
    expect(finding?.what).toBe('broker 2 does not answer at 10.0.0.2:9092');
    expect(finding?.remedy).toContain('advertised.listeners');
  });

  test('a bootstrap server that is no broker of the cluster is a warning', () => {
    const bootstrap = [{ address: '127.0.0.1:9001' }, { address: '127.0.0.1:9', trouble }];
    expect(diagnoseBrokers(cluster({ bootstrap }))).toMatchObject([{ severity: 'warning' }]);
  });

  test('leaders that sit on one broker are a warning', () => {
    const topics = [topic('market.raw', { partitions: partitions(60, { leader: 1 }) })];
    expect(diagnoseBrokers(cluster({ topics }))[0]?.what).toContain('leaders are uneven: broker 1 leads 60');
  });

  test('unreachable: one finding, with every address', () => {
    const other = troubleOf(new Error('getaddrinfo ENOTFOUND nosuch'));
    const findings = diagnoseUnreachable([
      { address: 'a:1', trouble },
      { address: 'nosuch:2', trouble: other },
    ]);
    expect(findings).toHaveLength(1);
    expect(findings[0]?.what).toBe('no broker answers at a:1, nosuch:2');
    expect(findings[0]?.cause).toBe('a:1: Nothing listens there; nosuch:2: The name of the host is not known.');
  });

  test.each([
    ['connect ECONNREFUSED 127.0.0.1:9', 'Nothing listens there.'],
    ['Connection timeout', 'It takes no connections and refuses none, within 3 s.'],
    ['Request ApiVersions(key: 18, version: 2) timed out', 'It takes connections, but does not answer.'],
    ['Client network socket disconnected before secure TLS connection was established', 'It closes the connection.'],
    [
      'self-signed certificate in certificate chain',
      'Its certificate is signed by an authority that is not trusted here.',
    ],
    ['SASL SCRAM SHA512 authentication failed', 'It refuses the user or its password.'],
    ['something else\nwith a second line.', 'The request failed: something else.'],
  ])('%s', (message, cause) => {
    expect(troubleOf(new Error('wrapped', { cause: new Error(message) })).cause).toBe(cause);
  });
});

describe('topics', () => {
  const raw = declared.filter(({ name }) => name === 'market.raw');
  const expected = raw.map((like) => ({ name: like.name, like, follows: undefined }));

  test('as declared', () => {
    expect(diagnoseTopics(expected, [topic('market.raw')])).toEqual([]);
  });

  test('missing ones are one finding, with the command that makes them', () => {
    const all = declared.map((like) => ({ name: like.name, like, follows: like.follows }));
    const findings = diagnoseTopics(all, [
      { name: 'market.raw', error: 'UNKNOWN_TOPIC_OR_PARTITION', partitions: [], configs },
    ]);
    expect(findings).toMatchObject([
      { severity: 'problem', remedy: expect.stringContaining('npm run topics -- apply') },
    ]);
    expect(findings[0]?.what).toContain('market.raw, market.enriched, analytics.results');
  });

  test('may not be described', () => {
    const facts = { ...topic('market.raw'), error: 'TOPIC_AUTHORIZATION_FAILED' };
    expect(diagnoseTopics(expected, [facts])[0]?.what).toBe('not allowed to describe topic market.raw');
  });

  test.each([
    ['partitions', { partitions: partitions(12) }, 'problem', 'partitions is 12, not 60'],
    ['replication', { partitions: partitions(60, { replicas: [1] }) }, 'problem', 'replication factor is 1, not 3'],
    ['min ISR', { configs: { ...configs, 'min.insync.replicas': '1' } }, 'problem', 'min.insync.replicas is 1, not 2'],
    ['compacted', { configs: { ...configs, 'cleanup.policy': 'compact' } }, 'problem', 'cleanup.policy is compact'],
    ['shorter', { configs: { ...configs, 'retention.ms': '3600000' } }, 'problem', 'retention.ms is 1 h, not 7 days'],
    ['longer', { configs: { ...configs, 'retention.ms': '-1' } }, 'warning', 'retention.ms is -1, not 7 days'],
    ['smaller', { configs: { ...configs, 'max.message.bytes': '1000' } }, 'problem', 'max.message.bytes is 1000'],
  ] as const)('differs: %s', (_, change, severity, cause) => {
    const findings = diagnoseTopics(expected, [topic('market.raw', change)]);
    expect(findings).toMatchObject([{ severity, cause: expect.stringContaining(cause) }]);
  });

  test('an output whose count does not divide its source is a problem', () => {
    const pair = [
      { name: 'in', like: undefined, follows: undefined },
      { name: 'out', like: undefined, follows: 'in' },
    ];
    const facts = (own: number) => [topic('in'), topic('out', { partitions: partitions(own) })];
    expect(diagnoseTopics(pair, facts(30))).toEqual([]);
    expect(diagnoseTopics(pair, facts(7))[0]?.what).toBe('the 7 partitions of out do not divide the 60 of in');
  });
});

describe('partitions', () => {
  test.each([
    [{ leader: -1, inSync: [] }, 'problem', '2 partitions without a leader: t [0-1]'],
    [{ inSync: [1] }, 'problem', '2 partitions below the minimum of in-sync replicas: t [0-1]'],
    [{ inSync: [1, 2] }, 'warning', '2 partitions with a replica that is not in sync: t [0-1]'],
  ] as const)('%j', (change, severity, what) => {
    const found = diagnosePartitions([topic('t', { partitions: partitions(2, change) }), topic('u')]);
    expect(found).toMatchObject([{ severity, what }]);
  });
});
