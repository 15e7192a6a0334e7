import { afterEach, describe, expect, test } from 'vitest';
import { market } from '../../support/msk/account.ts';
import { operations } from '../../support/msk/model.ts';
import { type MskServer, ServiceError, startMskServer } from '../../support/msk/server.ts';
import type { Fields } from '../../support/msk/shapes.ts';

const topics = `/v1/clusters/${encodeURIComponent(market.arn)}/topics`;
const authorization =
  'AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/20261126/eu-west-1/kafka/aws4_request, SignedHeaders=host, Signature=00';
const asked = { topicName: 'quotes', partitionCount: 6, replicationFactor: 3 };

let server: MskServer | undefined;
afterEach(() => server?.close());

async function ask(
  { method = 'POST', path = topics, body = asked as unknown, headers = { authorization } as Record<string, string> },
  output: Fields | Error = { TopicName: 'quotes', Status: 'CREATING' },
): Promise<{ status: number; type: string | null; answer: unknown; violations: readonly string[] }> {
  server = await startMskServer(() => {
    if (output instanceof Error) throw output;
    return output;
  });
  const text = method === 'GET' ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`${server.endpoint}${path}`, { method, headers, ...text });
  const { status, headers: answered } = response;
  const type = answered.get('x-amzn-errortype');
  return { status, type, answer: await response.json(), violations: server.violations };
}

describe("the stand-in takes its paths, shapes and errors from the SDK's model", () => {
  test('all operations are known, each with its errors', () => {
    expect(operations.size).toBeGreaterThan(60);
    expect(operations.get('CreateTopic')).toMatchObject({ method: 'POST', path: '/v1/clusters/{ClusterArn}/topics' });
    expect(operations.get('CreateTopic')?.errors).toContain('TopicExistsException');
    expect(operations.get('DescribeTopic')?.errors).not.toContain('TopicExistsException');
  });

  test('what the model allows goes through, in the names of the wire', async () => {
    expect(await ask({})).toEqual({
      status: 200,
      type: null,
      answer: { topicName: 'quotes', status: 'CREATING' },
      violations: [],
    });
    expect(server?.calls).toEqual([
      {
        operation: 'CreateTopic',
        input: { ClusterArn: market.arn, TopicName: 'quotes', PartitionCount: 6, ReplicationFactor: 3 },
      },
    ]);
  });

  test.each<[why: string, request: Parameters<typeof ask>[0], violation: string]>([
    ['a member is missing', { body: { ...asked, partitionCount: undefined } }, 'partitionCount: is required'],
    ['a member is of another type', { body: { ...asked, partitionCount: '6' } }, 'partitionCount: expected a number'],
    ['a member is unknown', { body: { ...asked, tags: {} } }, 'tags: CreateTopicRequest has no such member'],
    ['a parameter is unknown', { path: `${topics}?page=2` }, 'page: CreateTopicRequest has no such member'],
    ['a count is none', { method: 'GET', path: `${topics}?maxResults=` }, 'maxResults: is not a number'],
    ['the path is unknown', { path: '/v1/topics' }, 'no operation has POST /v1/topics'],
    ['the verb is another', { method: 'PATCH' }, 'no operation has PATCH'],
  ])('a request is refused when %s', async (_, request, violation) => {
    const { status, violations } = await ask(request);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(violation);
  });

  test('a request without a signature for this service is refused', async () => {
    expect(await ask({ headers: {} })).toMatchObject({ status: 403, type: 'MissingAuthenticationTokenException' });
  });

  test.each<[why: string, output: Fields, violation: string]>([
    ['a member is unknown', { Partitions: 6 }, 'CreateTopic.Partitions: CreateTopicResponse has no such member'],
    ['a member is of another type', { TopicName: 6 }, 'CreateTopic.TopicName: expected a string'],
    ['a state is none', { Status: 'READY' }, 'Status cannot be READY'],
  ])('it cannot answer when %s', async (_, output, violation) => {
    const { status, violations } = await ask({}, output);
    expect(status).toBe(500);
    expect(violations[0]).toContain(violation);
  });

  test('an error is answered with its status and name, and none that the operation does not have', async () => {
    expect(await ask({}, new ServiceError('TopicExistsException', 'there is one', 'topicName'))).toMatchObject({
      status: 409,
      type: 'TopicExistsException',
      answer: { message: 'there is one', invalidParameter: 'topicName' },
      violations: [],
    });
    const other = new ServiceError('TopicExistsException', 'there is one');
    const { status, violations } = await ask({ method: 'GET' }, other);
    expect([status, violations]).toEqual([500, ['the model has no TopicExistsException for ListTopics']]);
  });
});
