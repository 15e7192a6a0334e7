import { AwsV4Signer } from 'aws4fetch';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../../functions/database/open.ts';
import { withSecret } from '../../../functions/database/secret.ts';
import { databaseSettingProblems } from '../../../functions/database/settings.ts';
import { DependencyDownError } from '../../../functions/runtime/errors.ts';

const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:market/database-AbCdEf';
const url = 'postgres://storage:canary-password@db.example.com/market';
const env = {
  DATABASE_SECRET_ARN: arn,
  ...{ AWS_ACCESS_KEY_ID: 'an-id', AWS_SECRET_ACCESS_KEY: 'a-key', AWS_SESSION_TOKEN: 'a-token' },
};

/** Answers as the service does; what it was asked is kept. */
function service(status: number, body: unknown) {
  const asked: { url: string; init: RequestInit }[] = [];
  const ask = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    asked.push({ url: String(input), init });
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
  };
  return { asked, ask: ask as typeof fetch };
}

describe('the secret of the database', () => {
  test('gives both URLs, and is asked for by a signed request in its own region', async () => {
    const replicas = 'postgres://storage:canary-password@replica.example.com/market';
    const held = { DATABASE_URL: url, DATABASE_REPLICA_URLS: replicas, other: 1 };
    const { asked, ask } = service(200, { SecretString: JSON.stringify(held) });
    expect(await withSecret(env, ask)).toEqual({ ...env, DATABASE_URL: url, DATABASE_REPLICA_URLS: replicas });
    const headers = new Headers(asked[0]?.init.headers);
    expect(asked).toMatchObject([
      { url: 'https://secretsmanager.eu-central-1.amazonaws.com/', init: { method: 'POST', redirect: 'error' } },
    ]);
    expect(JSON.parse(String(asked[0]?.init.body))).toEqual({ SecretId: arn });
    expect(headers.get('x-amz-target')).toBe('secretsmanager.GetSecretValue');
    expect(headers.get('x-amz-security-token')).toBe('a-token');
    // The same request signed once more, by the time that it says.
    const again = await new AwsV4Signer({
      ...{ url: String(asked[0]?.url), method: 'POST', body: String(asked[0]?.init.body) },
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' },
      ...{ accessKeyId: 'an-id', secretAccessKey: 'a-key', sessionToken: 'a-token' },
      ...{ service: 'secretsmanager', region: 'eu-central-1', datetime: String(headers.get('x-amz-date')) },
    }).sign();
    expect(headers.get('authorization')).toBe(new Headers(again.headers).get('authorization'));
  });

  test('is not asked for where none is named; China has a domain of its own', async () => {
    const { asked, ask } = service(200, { SecretString: JSON.stringify({ DATABASE_URL: url }) });
    const plain = { DATABASE_URL: url };
    expect(await withSecret(plain, ask)).toBe(plain);
    await withSecret(
      { ...env, DATABASE_SECRET_ARN: arn.replace('aws:', 'aws-cn:').replace('eu-central', 'cn-north') },
      ask,
    );
    expect(asked.map((one) => one.url)).toEqual(['https://secretsmanager.cn-north-1.amazonaws.com.cn/']);
  });

  test.each<[string, number, unknown, RegExp]>([
    ['may not be read', 400, { __type: 'com.amazonaws#AccessDeniedException' }, /AccessDeniedException; let the role/],
    [
      'is not there',
      400,
      { __type: 'ResourceNotFoundException', Message: url },
      /status 400, ResourceNotFoundException\./,
    ],
    ['is asked for in a bad hour', 500, 'no JSON', /status 500, without a reason/],
    ['is no JSON', 200, { SecretString: url }, /no JSON object with the text DATABASE_URL/],
    ['lacks the URL', 200, { SecretString: '{"url":"canary-password"}' }, /no JSON object with the text DATABASE_URL/],
    ['is binary', 200, { SecretBinary: 'AA==' }, /no JSON object/],
    ['is null', 200, { SecretString: 'null' }, /no JSON object/],
  ])('that %s is waited for, and told without a word of it', async (_, status, body, says) => {
    const failure: unknown = await withSecret(env, service(status, body).ask).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DependencyDownError);
    expect(String(failure)).toMatch(says);
    expect(String(failure)).not.toMatch(/canary-password|a-key|a-token/);
  });

  test('is waited for while nobody answers, and without credentials', async () => {
    const refused = async (): Promise<Response> => Promise.reject(new TypeError('fetch failed'));
    await expect(withSecret(env, refused)).rejects.toThrow(
      /amazonaws\.com does not answer \(fetch failed\); it takes a NAT/,
    );
    await expect(withSecret({ DATABASE_SECRET_ARN: arn }, refused)).rejects.toThrow(/AWS_ACCESS_KEY_ID and .* not set/);
  });
});

describe('the settings', () => {
  test('need no URL where a secret is named, and are checked all the same', () => {
    expect(databaseSettingProblems(env)).toEqual([]);
    expect(
      databaseSettingProblems({ DATABASE_SECRET_ARN: 'market', DATABASE_POOL_SIZE: '0', DATABASE_URL: url }),
    ).toEqual([
      expect.stringMatching(/^DATABASE_SECRET_ARN is 'market', but takes the ARN of a secret/),
      expect.stringMatching(/^DATABASE_POOL_SIZE is '0'/),
      'DATABASE_URL and DATABASE_SECRET_ARN are both set: set one of them.',
    ]);
  });

  test('that a secret holds and that are wrong are a database that is not fit yet, with nothing of them shown', async () => {
    const { createServer } = await import('node:http');
    const text = JSON.stringify({ SecretString: JSON.stringify({ DATABASE_URL: 'postgres://canary-password@[:1/' }) });
    const server = createServer((_, response) => void response.end(text)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const own = { ...env, AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${port}` };
    const failure: unknown = await openDatabase(own).catch((error: unknown) => error);
    server.close();
    expect(failure).toMatchObject({
      code: 'DATABASE_UNFIT',
      message: expect.stringMatching(/^DATABASE_URL is \*\*\*\*/),
    });
  });
});
