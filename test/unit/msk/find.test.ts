import { afterEach, describe, expect, test, vi } from 'vitest';
import { findCluster, lacksTopicCalls, openMskApi } from '../../../scripts/topics/msk/api.ts';
import { topicsOptions } from '../../../scripts/topics/options.ts';
import { type Account, enter, market, startAccount } from '../../support/msk/account.ts';

const others = ['market-replica', 'market-test', 'orders'].map((name) => ({
  name,
  arn: market.arn.replace('/market/', `/${name}/`),
}));

let account: Account | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  expect(account?.violations ?? []).toEqual([]);
  await account?.close();
  account = undefined;
});

async function find(cluster: string, region?: string) {
  account = await startAccount({ clusters: [...others, market], pageSize: 1 });
  enter(account);
  return findCluster(await openMskApi(cluster, region), cluster);
}

describe('a cluster of MSK is found', () => {
  test('by its ARN, which brings the region along', async () => {
    expect(await find(market.arn)).toEqual({
      ...market,
      state: 'ACTIVE',
      serverless: false,
      kafkaVersion: '3.9.x',
    });
    expect(account?.calls).toEqual([{ operation: 'DescribeClusterV2', input: { ClusterArn: market.arn } }]);
  });

  test('by its name, which others begin with, on a later page', async () => {
    expect(await find('market', 'eu-west-1')).toMatchObject(market);
    expect(account?.calls.map(({ operation }) => operation)).toEqual(Array(3).fill('ListClustersV2'));
    expect(account?.calls[2]?.input).toEqual({ ClusterNameFilter: 'market', NextToken: expect.any(String) });
  });

  test('or not: then the names that begin like it are told', async () => {
    await expect(find('mark', 'eu-west-1')).rejects.toThrow(
      "there is no MSK cluster 'mark' in eu-west-1; there are market-replica, market-test, market: check the name",
    );
  });

  test('or not, by its ARN', async () => {
    const unknown = market.arn.replace('1111', '9999');
    await expect(find(unknown)).rejects.toThrow(`there is no MSK cluster ${unknown}: check the ARN`);
  });

  test('with a malformed ARN nothing is asked', async () => {
    await expect(find('arn:aws:kafka:eu-west-1:1:cluster/market')).rejects.toThrow(
      '--cluster-arn takes arn:aws:kafka:',
    );
    await expect(find(market.arn, 'us-east-1')).rejects.toThrow(
      "--region 'us-east-1' is not that of the ARN, eu-west-1",
    );
    expect(account?.calls).toEqual([]);
  });

  test('with no region in sight nothing is asked', async () => {
    await expect(find('market')).rejects.toThrow(
      'the AWS region is not known: give --region or the cluster by its ARN',
    );
    expect(account?.calls).toEqual([]);
  });
});

test.each([
  [{}, undefined],
  [{ kafkaVersion: '3.6.0' }, undefined],
  [{ kafkaVersion: '4.0.x.kraft' }, undefined],
  [{ kafkaVersion: undefined }, undefined],
  [{ kafkaVersion: '3.5.1' }, 'it runs Kafka 3.5.1, older than 3.6'],
  [{ kafkaVersion: '2.8.2.tiered' }, 'it runs Kafka 2.8.2.tiered, older than 3.6'],
  [{ serverless: true }, 'the cluster is serverless'],
  [{ state: 'MAINTENANCE' }, 'the cluster is MAINTENANCE, not ACTIVE'],
])('the topic calls serve %j: why not: %s', (differs, why) => {
  const cluster = { ...market, state: 'ACTIVE', serverless: false, kafkaVersion: '3.9.x', ...differs };
  expect(lacksTopicCalls(cluster)).toBe(why);
});

describe('the flags of a cluster of MSK', () => {
  test('name it by its ARN or by its name', async () => {
    const { target } = await topicsOptions(
      { 'cluster-name': 'market', region: 'eu-west-1', 'brokers-via': 'public' },
      {},
    );
    expect(target).toMatchObject({ kind: 'msk', cluster: 'market', region: 'eu-west-1', brokersVia: 'public' });
    expect((await topicsOptions({ 'cluster-arn': market.arn }, {})).target).toMatchObject({ cluster: market.arn });
  });

  test.each([
    [{ target: 'msk' }, '--target msk takes --cluster-arn or --cluster-name'],
    [{ 'cluster-arn': market.arn, 'cluster-name': 'market' }, '--cluster-arn and --cluster-name are two: give one'],
    [{ 'cluster-arn': 'market' }, "--cluster-arn takes an ARN, not 'market': see --cluster-name"],
    [{ 'cluster-name': ' ' }, "--cluster-name takes a value, not ''"],
    [
      { 'cluster-name': 'market', 'brokers-via': 'vpn' },
      '--brokers-via takes one of private, public, vpc-connectivity',
    ],
    [{ target: 'kafka', region: 'eu-west-1' }, '--region goes with --target msk'],
  ])('that are wrong are told: %j', async (flags, told) => {
    await expect(topicsOptions(flags, {})).rejects.toThrow(told);
  });
});
