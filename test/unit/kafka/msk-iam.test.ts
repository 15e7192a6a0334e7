import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateAuthTokenFromCredentialsProvider } from 'aws-msk-iam-sasl-signer-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type MskIamOptions, mskIamTokens } from '../../../functions/kafka/kafkajs/msk-iam.ts';
import { StartupError } from '../../../functions/runtime/errors.ts';

const now = Date.UTC(2026, 10, 23, 5, 0, 0);
const brokers = ['b-1.market.abc123.c2.kafka.eu-central-1.amazonaws.com:9098'];
const keys = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const session = 'FwoGZXIvYXdzEBYaDH+/=session token!*()';

function urlOf(token: string): string {
  return Buffer.from(token, 'base64url').toString('utf8');
}

function made(env: MskIamOptions['env'], options: Partial<MskIamOptions> = {}): Promise<string> {
  return mskIamTokens({ brokers, env, now: () => now, ...options })().then(({ value }) => urlOf(value));
}

/** The token of the signer that AWS publishes, with our name in place of its own. */
async function published(region: string, sessionToken?: string, expiration?: Date): Promise<string> {
  const { token } = await generateAuthTokenFromCredentialsProvider({
    region,
    awsCredentialsProvider: async () => ({
      accessKeyId: keys.AWS_ACCESS_KEY_ID,
      secretAccessKey: keys.AWS_SECRET_ACCESS_KEY,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      ...(expiration === undefined ? {} : { expiration }),
    }),
  });
  return urlOf(token).replace(/User-Agent=[^&]+/, 'User-Agent=hft-engine');
}

/** The parameters apart, since the two write some characters in different ways that mean the same. */
function read(url: string): { origin: string; parameters: Record<string, string> } {
  const { origin, pathname, searchParams } = new URL(url);
  return { origin: `${origin}${pathname}`, parameters: Object.fromEntries(searchParams) };
}

beforeEach(() => {
  vi.useFakeTimers({ now, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a token', () => {
  test('is byte for byte that of the published signer', async () => {
    expect(await made(keys)).toBe(await published('eu-central-1'));
    expect(await made(keys)).toContain('X-Amz-Expires=900');
  });

  test('of a session is as well, whatever characters it has', async () => {
    const ours = await made({ ...keys, AWS_SESSION_TOKEN: session });
    const theirs = await published('eu-central-1', session);
    expect(read(ours)).toEqual(read(theirs));
    const common = 'FwoGZXIvYXdzEBYaDH+/==';
    expect(await made({ ...keys, AWS_SESSION_TOKEN: common })).toBe(await published('eu-central-1', common));
  });

  test('takes the region of the brokers, else that of the environment', async () => {
    const other = { ...keys, AWS_REGION: 'us-east-2' };
    expect(await made(other)).toBe(await published('eu-central-1'));
    expect(await made(other, { brokers: ['kafka.internal:9098'] })).toBe(await published('us-east-2'));
    expect(await made(keys, { brokers: ['boot-x1.c3.kafka-serverless.us-west-1.amazonaws.com:9098'] })).toBe(
      await published('us-west-1'),
    );
  });

  test('without any region is refused at once', () => {
    expect(() => mskIamTokens({ brokers: ['kafka.internal:9098'], env: keys })).toThrow(/AWS_REGION/);
  });
});

describe('credentials of a container', () => {
  let server: Server;
  let seen: (string | undefined)[] = [];
  let answer: { status: number; body: string };
  let endpoint: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      const elsewhere = request.url === '/elsewhere';
      const { status, body } = elsewhere ? { status: 200, body: JSON.stringify(credentials(now + 3_600_000)) } : answer;
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/credentials`;
  });
  afterAll(() => {
    server.close();
  });
  beforeEach(() => {
    seen = [];
    answer = { status: 200, body: JSON.stringify(credentials(now + 3_600_000)) };
  });

  function credentials(expiresAtMs: number): object {
    const { AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey } = keys;
    return { AccessKeyId, SecretAccessKey, Token: 'abc', Expiration: new Date(expiresAtMs).toISOString() };
  }

  test('come from its endpoint, which is asked with the token of the environment', async () => {
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'Basic xyz' };
    expect(await made(env)).toBe(await published('eu-central-1', 'abc'));
    expect(seen).toEqual(['Basic xyz']);
  });

  test('a token in a file is read anew each time', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'msk-iam-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const file = join(dir, 'token');
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file };
    const tokens = mskIamTokens({ brokers, env, now: () => now });
    writeFileSync(file, 'first\n');
    await tokens();
    writeFileSync(file, 'second\n');
    await tokens();
    expect(seen).toEqual(['first', 'second']);
  });

  test('that end soon make a token that ends with them', async () => {
    answer = { status: 200, body: JSON.stringify(credentials(now + 300_000)) };
    expect(await made({ AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint })).toBe(
      await published('eu-central-1', 'abc', new Date(now + 300_000)),
    );
  });

  test('that have ended make no token', async () => {
    answer = { status: 200, body: JSON.stringify(credentials(now - 1_000)) };
    await expect(made({ AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint })).rejects.toThrow(/have ended/);
  });

  test('by a relative address come from the link-local one', async () => {
    const asked: string[] = [];
    const fetch = ((url: URL) => {
      asked.push(url.href);
      return Promise.resolve(Response.json(credentials(now + 3_600_000)));
    }) as unknown as MskIamOptions['fetch'];
    await made({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/1' }, fetch ? { fetch } : {});
    expect(asked).toEqual(['http://169.254.170.2/v2/credentials/1']);
  });

  test.each([
    'http://example.com/',
    'http://169.254.170.2.example.com/',
    'http://127.0.0.1.example.com/',
    'http://user:secret@127.0.0.1/',
    'file:///etc/x',
  ])('are not asked of %s', async (address) => {
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: address, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'secret' };
    await expect(made(env)).rejects.toThrow(/loopback or link-local/);
    await expect(made({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '//example.com/x' })).rejects.toThrow(/link-local/);
  });

  test.each([
    [{ status: 403, body: 'secret-in-body' }, /does not answer: status 403/],
    [{ status: 302, body: '' }, /does not answer/],
    [{ status: 200, body: 'secret-in-body' }, /without credentials/],
    [{ status: 200, body: '{"Token":"secret-in-body"}' }, /without credentials/],
    [{ status: 200, body: 'null' }, /without credentials/],
  ])('that cannot be had are a dependency that is down: %j', async (given, expected) => {
    answer = given;
    const failure = await made({ AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'DEPENDENCY_DOWN', message: expect.stringMatching(expected) });
    expect(String(failure)).not.toContain('secret-in-body');
  });

  test('are not asked for with a token that no header takes, and the error does not quote it', async () => {
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'sec\nret' };
    const failure = await made(env).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StartupError);
    expect(String(failure)).not.toMatch(/sec|ret\b/);
  });
});

test('without any credentials, the error names what was looked for', async () => {
  const failure = await made({ AWS_ACCESS_KEY_ID: 'only-half' }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(StartupError);
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'FULL_URI']) {
    expect(String(failure)).toContain(name);
  }
  expect(String(failure)).not.toContain('only-half');
});
