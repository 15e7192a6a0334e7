import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { topics } from '../../../infra/topics.ts';
import { CommandError } from '../../../scripts/support/command.ts';
import { openMskTarget } from '../../../scripts/topics/msk/msk-target.ts';
import { type Account, enter, keys, market, startAccount } from '../../support/msk/account.ts';
import { memoryTopics } from '../../support/msk/topic-store.ts';

const declared = topics.filter(({ name }) => name === 'market.raw');
const topicArn = `${market.arn.replace(':cluster/', ':topic/')}/market.raw`;

let account: Account | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  expect(account?.violations ?? []).toEqual([]);
  await account?.close();
  account = undefined;
});

/** What a person reads when the whole of an apply fails somewhere. */
async function failureOf(prepare: (account: Account) => void, cluster: string = market.arn): Promise<string> {
  account = await startAccount({ topics: memoryTopics([{ name: 'other', partitions: 1 }]) });
  enter(account);
  prepare(account);
  const failed = await apply(cluster).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(CommandError);
  const { message } = failed as CommandError;
  for (const secret of Object.values(keys)) expect(message).not.toContain(secret);
  expect(message).toMatch(/^[^\n]*[.?]$/);
  return message;
}

async function apply(cluster: string): Promise<void> {
  const patience = { firstMs: 1, mostMs: 5, timeoutMs: 200 };
  const options = { kind: 'msk', cluster, declared, environment: { ...process.env } } as const;
  const target = await openMskTarget(options, patience);
  try {
    await target.describe();
    for (const topic of declared) await target.create(topic);
    await target.setConfigs('market.raw', new Map([['retention.ms', '5']]));
    await target.addPartitions('market.raw', 120);
  } finally {
    await target.close();
  }
}

describe('a failure of the service is one sentence with its remedy', () => {
  test.each<[operation: string, name: string, said: string, shown: string]>([
    ['DescribeClusterV2', 'AccessDeniedException', '', `allow kafka:DescribeClusterV2 on ${market.arn}`],
    ['DescribeClusterV2', 'ForbiddenException', 'no', `allow kafka:DescribeClusterV2 on ${market.arn}`],
    ['ListTopics', 'ForbiddenException', 'no', 'and kafka-cluster:DescribeTopic on '],
    ['DescribeTopic', 'ForbiddenException', 'no', `kafka-cluster:DescribeTopicDynamicConfiguration on ${topicArn}`],
    [
      ...(['CreateTopic', 'ForbiddenException', 'no'] as const),
      `MSK refuses CreateTopic of market.raw to this user: allow kafka-cluster:Connect on ${market.arn}, and kafka-cluster:CreateTopic on ${topicArn}`,
    ],
    ['UpdateTopic', 'ForbiddenException', 'no', 'kafka-cluster:AlterTopicDynamicConfiguration'],
    [
      ...(['CreateTopic', 'AccessDeniedException'] as const),
      'User: arn:aws:sts::123456789012:assumed-role/ops is not authorized to perform: kafka-cluster:CreateTopic on resource: x',
      'MSK refuses CreateTopic of market.raw to this user: allow kafka-cluster:CreateTopic',
    ],
    ['DescribeClusterV2', 'NotFoundException', 'gone', `there is no MSK cluster ${market.arn}: check the ARN`],
    [
      'DescribeClusterV2',
      'ExpiredTokenException',
      'old',
      'the AWS credentials have expired: renew them (aws sso login',
    ],
    ['DescribeClusterV2', 'UnrecognizedClientException', 'who', 'does not accept the AWS credentials'],
    ['DescribeClusterV2', 'UnauthorizedException', 'who', 'does not accept the AWS credentials'],
    [
      ...(['DescribeClusterV2', 'InvalidSignatureException'] as const),
      `The Canonical String should have been x-amz-security-token:${keys.AWS_SESSION_TOKEN}`,
      'check them with aws sts get-caller-identity, and the clock of this machine',
    ],
    ['CreateTopic', 'BadRequestException', 'Invalid topic.', 'as wrong (Invalid topic): correct it in infra/topics.ts'],
    ['CreateTopic', 'ServiceUnavailableException', 'busy', 'by its own fault (busy): run the same command again'],
    [
      'CreateTopic',
      'ControllerMovedException',
      'moved',
      'cannot do CreateTopic of market.raw now (moved): run the same',
    ],
    ['UpdateTopic', 'ReassignmentInProgressException', 'wait', 'cannot do UpdateTopic of market.raw now (wait)'],
    ['CreateTopic', 'KafkaTimeoutException', 'slow', 'cannot do CreateTopic of market.raw now (slow)'],
    [
      ...(['CreateTopic', 'BadRequestException'] as const),
      `\u001b[2J${keys.AWS_SECRET_ACCESS_KEY}\nand ${keys.AWS_ACCESS_KEY_ID}`,
      'as wrong (\\u{1b}[2J***\\u{a}and ***)',
    ],
  ])('%s: %s %j', async (operation, name, said, shown) => {
    const message = await failureOf(({ fail }) => fail(operation, name, said));
    expect(message).toContain(shown);
    const reached = account?.calls.filter(({ operation: one }) => /^(?:Create|Update)/.test(one)) ?? [];
    const refused = reached.filter((call) => call.operation === operation).length;
    // Nothing changes after the call that failed; CreateTopic comes before UpdateTopic.
    expect(reached.length - refused).toBe(operation === 'UpdateTopic' ? 1 : 0);
  });

  test('on the way to the brokers it is kept for what needs them: the topics are the service’s own', async () => {
    account = await startAccount({ topics: memoryTopics([]) });
    enter(account);
    account.fail('GetBootstrapBrokers', 'ForbiddenException', 'no');
    const target = await openMskTarget({ kind: 'msk', cluster: market.arn, declared, environment: { ...process.env } });
    expect([await target.describe(), target.kafka]).toEqual([[], undefined]);
    expect(target.kafkaTrouble).toContain(`allow kafka:GetBootstrapBrokers on ${market.arn}`);
    await target.close();
  });

  test('throttling is tried again by the SDK, and told when it does not end', async () => {
    expect(await failureOf(({ fail }) => fail('CreateTopic', 'TooManyRequestsException', 'slow down'))).toBe(
      'MSK throttles CreateTopic of market.raw, also at attempt 3: wait a minute, then run the same command again.',
    );
    expect(account?.calls.filter(({ operation }) => operation === 'CreateTopic')).toHaveLength(3);
  });

  test('throttling that ends is not noticed', async () => {
    account = await startAccount();
    enter(account);
    account.fail('ListTopics', 'ThrottlingException', 'Rate exceeded', 2);
    await apply(market.arn);
    expect(account.calls.filter(({ operation }) => operation === 'ListTopics')).toHaveLength(3);
  });

  test('credentials that are not there', async () => {
    const without = () => {
      for (const name of Object.keys(keys)) vi.stubEnv(name, undefined);
    };
    expect(await failureOf(without)).toContain('there are no AWS credentials to use: set AWS_PROFILE, or');
    expect(account?.calls).toEqual([]);
  });

  test('a service that is not there', async () => {
    const away = () => vi.stubEnv('AWS_ENDPOINT_URL_KAFKA', 'http://127.0.0.1:9');
    expect(await failureOf(away)).toMatch(
      /^nothing answers DescribeClusterV2 of arn:\S+ \(ECONNREFUSED\): check the region/,
    );
  });

  test('something else in its place', async () => {
    const page = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1');
    await new Promise((resolve) => page.once('listening', resolve));
    const elsewhere = () =>
      vi.stubEnv('AWS_ENDPOINT_URL_KAFKA', `http://127.0.0.1:${(page.address() as AddressInfo).port}`);
    const message = await failureOf(elsewhere);
    page.close();
    page.closeAllConnections();
    expect(message).toMatch(/^what answers DescribeClusterV2 of arn:\S+ is not MSK: is there a proxy/);
  });
});
