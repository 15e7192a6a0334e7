import { afterEach, describe, expect, test, vi } from 'vitest';
import type { TopicDeclaration } from '../../../infra/topics.ts';
import { openMskTarget } from '../../../scripts/topics/msk/msk-target.ts';
import { makePlan } from '../../../scripts/topics/plan.ts';
import type { TargetOptions, TopicsTarget } from '../../../scripts/topics/target.ts';
import { type Account, enter, market, startAccount } from '../../support/msk/account.ts';
import type { ServiceOptions } from '../../support/msk/service.ts';
import { memoryTopics } from '../../support/msk/topic-store.ts';

const quotes: TopicDeclaration = {
  name: 'quotes',
  partitions: 6,
  replicationFactor: 3,
  configs: {
    'cleanup.policy': 'delete',
    'compression.type': 'producer',
    'min.insync.replicas': '2',
    'retention.ms': '86400000',
    'max.message.bytes': '1048576',
  },
};
const patience = { firstMs: 1, mostMs: 5, timeoutMs: 2_000 };
const retention = new Map([['retention.ms', '86400000']]);

let account: Account;
let target: TopicsTarget | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await target?.close();
  target = undefined;
  await account.close();
  expect(account.violations).toEqual([]);
});

async function open(service: Partial<ServiceOptions>, options: Partial<TargetOptions> = {}): Promise<TopicsTarget> {
  account = await startAccount(service);
  enter(account);
  const environment = { ...process.env };
  target = await openMskTarget(
    { kind: 'msk', cluster: market.arn, declared: [quotes], environment, ...options },
    patience,
  );
  return target;
}

function asked(operation: string): unknown[] {
  return account.calls.filter((call) => call.operation === operation).map(({ input }) => input);
}

describe('the topics of a cluster of MSK', () => {
  test('are listed over several pages, with the settings of those that are declared', async () => {
    const many = Array.from({ length: 205 }, (_, number) => ({ name: `topic.${number}`, partitions: 60 }));
    const topics = memoryTopics([
      ...many,
      { name: 'quotes', partitions: 6 },
      { name: '__amazon_msk_canary', partitions: 1 },
    ]);
    const live = await (await open({ topics })).describe();
    expect(live).toHaveLength(206);
    expect(live[0]).toMatchObject({ name: 'quotes', partitions: 6, replicationFactor: 3 });
    expect(live[0]?.configs.get('retention.ms')).toBe('604800000');
    expect(asked('ListTopics')).toHaveLength(3);
    expect(asked('DescribeTopic')).toHaveLength(1);
  });

  test('are read when the service answers settings as lines', async () => {
    const topics = memoryTopics([{ name: 'quotes', partitions: 6, own: { 'retention.ms': '7' } }]);
    const [live] = await (await open({ topics, configsFormat: 'properties' })).describe();
    expect(live?.configs.get('retention.ms')).toBe('7');
  });

  test.each(['status', 'as before'] as const)(
    'are created, and waited for while they do not show (%s)',
    async (stale) => {
      const opened = await open({ staleAnswers: 3, stale });
      expect(await opened.create(quotes)).toBe('created');
      await opened.waitUntilReady(['quotes']);
      expect(asked('CreateTopic')).toEqual([
        {
          ClusterArn: market.arn,
          TopicName: 'quotes',
          PartitionCount: 6,
          ReplicationFactor: 3,
          Configs: Buffer.from(JSON.stringify(quotes.configs)).toString('base64'),
        },
      ]);
      expect(asked('DescribeTopic').length).toBeGreaterThan(3);
      expect(await opened.describe()).toEqual([
        { name: 'quotes', partitions: 6, replicationFactor: 3, configs: new Map(Object.entries(quotes.configs)) },
      ]);
    },
  );

  test('that are still being created after all patience are told', async () => {
    account = await startAccount({ staleAnswers: 1e6 });
    enter(account);
    const options = { kind: 'msk', cluster: market.arn, declared: [quotes], environment: { ...process.env } } as const;
    target = await openMskTarget(options, { ...patience, timeoutMs: 30 });
    await target.create(quotes);
    await expect(target.describe()).rejects.toThrow(
      /^topic quotes is still CREATING after \d+ ms: run the same command/,
    );
  });

  test('are left alone when somebody else was quicker', async () => {
    const opened = await open({ topics: memoryTopics([{ name: 'quotes', partitions: 3 }]) });
    expect(await opened.create(quotes)).toBe('existed');
    expect((await opened.describe())[0]?.partitions).toBe(3);
  });

  test('without a leader are waited for', async () => {
    const topics = memoryTopics([{ name: 'quotes', partitions: 2 }]);
    let left = 12;
    const list = async () => {
      left -= 1;
      return (await topics.list()).map((topic) => (left > 0 ? { ...topic, leaders: [1, -1] } : topic));
    };
    await (await open({ topics: { ...topics, list }, pageSize: 1 })).waitUntilReady(['quotes']);
    expect(left).toBeLessThanOrEqual(0);
  });

  test.each(['merge', 'replace'] as const)('change the settings that are named, and no other (%s)', async (configs) => {
    const own = { 'max.message.bytes': '1048576', 'retention.ms': '5', 'retention.bytes': '9000' };
    const topics = memoryTopics([{ name: 'quotes', partitions: 6, own }]);
    await (await open({ topics, configs, staleAnswers: 2, stale: 'as before' })).setConfigs('quotes', retention);
    const [now] = await topics.list();
    expect(now?.configs).toMatchObject({ ...own, 'retention.ms': '86400000' });
    // Undeclared settings are put back only where the service takes what is not named for what is not wanted.
    expect(asked('UpdateTopic')).toHaveLength(configs === 'merge' ? 1 : 2);
    const [first] = asked('UpdateTopic') as { Configs: string }[];
    const sent = JSON.parse(Buffer.from(String(first?.Configs), 'base64').toString());
    expect(Object.keys(sent).toSorted()).toEqual(Object.keys(quotes.configs).toSorted());
    expect(asked('UpdateTopic')).not.toContainEqual(expect.objectContaining({ PartitionCount: expect.anything() }));
  });

  test('get partitions, and are waited for until they have them', async () => {
    const topics = memoryTopics([{ name: 'quotes', partitions: 3 }]);
    const opened = await open({ topics, staleAnswers: 3, stale: 'as before' });
    await opened.addPartitions('quotes', 6);
    expect(asked('UpdateTopic')).toEqual([{ ClusterArn: market.arn, TopicName: 'quotes', PartitionCount: 6 }]);
    expect((await opened.describe())[0]?.partitions).toBe(6);
  });
});

describe('the brokers of the target', () => {
  test('are not given where none can be reached from here', async () => {
    expect((await open({})).kafka).toBeUndefined();
  });

  test('that the settings want and the cluster does not offer leave the topics to the service, and the reason is kept', async () => {
    vi.stubEnv('KAFKA_SECURITY', 'tls');
    const environment = { ...process.env };
    const opened = await open({ topics: memoryTopics([{ name: 'quotes', partitions: 3 }]) }, { environment });
    expect(opened.kafka).toBeUndefined();
    expect(opened.kafkaTrouble).toContain('the cluster does not offer KAFKA_SECURITY tls');
    const plan = await makePlan(opened, { declared: [quotes], principals: [], accepted: [], sample: 10 });
    expect(plan.risks).toMatchObject([{ topic: 'quotes', trouble: opened.kafkaTrouble }]);
  });

  test('that take a login which there is not leave the topics to the service', async () => {
    vi.stubEnv('KAFKA_SECURITY', 'scram');
    const brokers = { BootstrapBrokerStringSaslScram: '127.0.0.1:9' };
    const environment = { ...process.env };
    const opened = await open({ clusters: [{ ...market, brokers }], topics: memoryTopics([]) }, { environment });
    expect(await opened.describe()).toEqual([]);
    expect(opened.kafkaTrouble).toContain('KAFKA_USERNAME');
  });

  test('that the settings want and the cluster does not offer are an error where the service has no topic calls', async () => {
    vi.stubEnv('KAFKA_SECURITY', 'tls');
    const environment = { ...process.env };
    const brokers = { BootstrapBrokerStringSaslIam: '127.0.0.1:9' };
    const clusters = [{ ...market, state: 'MAINTENANCE', brokers } as const];
    await expect(open({ clusters }, { environment })).rejects.toThrow(
      'the cluster does not offer KAFKA_SECURITY tls: set KAFKA_SECURITY to what it offers, msk-iam (private)',
    );
    expect(account.calls.map(({ operation }) => operation)).toEqual(['DescribeClusterV2', 'GetBootstrapBrokers']);
  });

  test.each([
    ['serverless', { type: 'SERVERLESS' }],
    ['of an old Kafka', { kafkaVersion: '3.5.1' }],
    ['in maintenance', { state: 'MAINTENANCE' }],
  ] as const)('are asked in place of the service when the cluster is %s', async (_, differs) => {
    const brokers = { BootstrapBrokerString: '127.0.0.1:9' };
    await expect(open({ clusters: [{ ...market, ...differs, brokers }] })).rejects.toThrow(
      /^no Kafka broker answers at 127\.0\.0\.1:9/,
    );
    expect(asked('ListTopics')).toEqual([]);
  });

  test('are asked as well when the service says that it does no topic calls', async () => {
    const brokers = { BootstrapBrokerString: '127.0.0.1:9' };
    const opened = await open({ clusters: [{ ...market, brokers }], topicCalls: 'unsupported' });
    await expect(opened.describe()).rejects.toThrow(/^no Kafka broker answers at 127\.0\.0\.1:9/);
    expect(asked('ListTopics')).toHaveLength(1);
  });
});
