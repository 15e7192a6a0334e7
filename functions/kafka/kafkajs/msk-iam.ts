import { readFileSync } from 'node:fs';
import { AwsV4Signer } from 'aws4fetch';
import { DependencyDownError, messageOf, StartupError } from '../../runtime/errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a token is made from. The clock and `fetch` are there for tests. */
export interface MskIamOptions {
  readonly brokers: readonly string[];
  readonly env: Environment;
  readonly now?: () => number;
  readonly fetch?: typeof fetch;
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly expiresAtMs?: number | undefined;
}

const tokenSeconds = 900;
const endpointTimeoutMs = 2_000;
const ecsHost = 'http://169.254.170.2';
/** Link-local addresses of ECS and of EKS pod identity; http is for these and for loopback only. */
const localHosts = /^(localhost|127(\.\d{1,3}){3}|\[::1\]|169\.254\.170\.2|169\.254\.170\.23|\[fd00:ec2::23\])$/;
const mskHost = /\.kafka(?:-serverless)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?:\d+$/;

/**
 * Makes the tokens that brokers of MSK take with SASL/OAUTHBEARER: a request for `kafka-cluster:Connect`, signed with
 * Signature Version 4 in its query, that is never sent and holds for 15 minutes. For kafkajs' `oauthBearerProvider`,
 * which asks for one at each connection. Credentials are read anew each time, since they pass.
 * @throws StartupError (CONFIG_INVALID) when there is nothing that tells the region
 */
export function mskIamTokens(options: MskIamOptions): () => Promise<{ value: string }> {
  const region = regionOf(options);
  return async () => ({ value: await sign(await credentialsOf(options), region, (options.now ?? Date.now)()) });
}

async function sign(credentials: Credentials, region: string, nowMs: number): Promise<string> {
  const { accessKeyId, secretAccessKey, sessionToken, expiresAtMs = Number.POSITIVE_INFINITY } = credentials;
  const expires = Math.floor(Math.min(tokenSeconds, (expiresAtMs - nowMs) / 1_000));
  if (expires < 1)
    throw new DependencyDownError('The AWS credentials of this container have ended, and no new ones came');
  const signer = new AwsV4Signer({
    url: `https://kafka.${region}.amazonaws.com/?Action=kafka-cluster%3AConnect&X-Amz-Expires=${expires}`,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    service: 'kafka-cluster',
    region,
    signQuery: true,
    datetime: new Date(nowMs).toISOString().replace(/[:-]|\.\d{3}/g, ''),
  });
  const { url } = await signer.sign();
  url.searchParams.set('User-Agent', 'hft-engine'); // not signed: brokers log it
  url.searchParams.sort();
  return Buffer.from(url.href).toString('base64url');
}

/** The brokers' own region goes before that of the environment, which may be another. */
function regionOf({ brokers, env }: MskIamOptions): string {
  const named = brokers.map((broker) => mskHost.exec(broker)?.[1]).find((region) => region !== undefined);
  const region = named ?? env.AWS_REGION;
  if (region) return region;
  const problem = 'KAFKA_SECURITY is msk-iam, which needs AWS_REGION, or brokers by the names that MSK gives them.';
  throw new StartupError('CONFIG_INVALID', [problem]);
}

async function credentialsOf(options: MskIamOptions): Promise<Credentials> {
  const { env } = options;
  if (env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY) {
    return {
      accessKeyId: env.AWS_ACCESS_KEY_ID,
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
      sessionToken: env.AWS_SESSION_TOKEN || undefined,
    };
  }
  const address = env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI || env.AWS_CONTAINER_CREDENTIALS_FULL_URI;
  if (address) return fromEndpoint(address, options);
  throw refusal(
    'there are no AWS credentials: neither AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, nor ' +
      'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or AWS_CONTAINER_CREDENTIALS_FULL_URI is set',
  );
}

async function fromEndpoint(address: string, options: MskIamOptions): Promise<Credentials> {
  const url = endpointUrl(address);
  const token = authorization(options.env);
  let answer: Record<string, unknown>;
  try {
    const response = await (options.fetch ?? fetch)(url, {
      headers: token === undefined ? {} : { authorization: token },
      redirect: 'error', // elsewhere is nobody's business
      signal: AbortSignal.timeout(endpointTimeoutMs),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    // What is not JSON has no credentials either, and the parser's error would quote it.
    answer = Object(await response.json().catch(() => undefined));
  } catch (error) {
    throw new DependencyDownError(`The credentials endpoint at ${url.host} does not answer: ${messageOf(error)}`);
  }
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken, Expiration } = answer;
  if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string' || typeof sessionToken !== 'string') {
    throw new DependencyDownError(`The credentials endpoint at ${url.host} answers without credentials`);
  }
  const expiresAtMs = Date.parse(String(Expiration));
  return { accessKeyId, secretAccessKey, sessionToken, ...(expiresAtMs > 0 ? { expiresAtMs } : {}) };
}

function endpointUrl(address: string): URL {
  const url = URL.canParse(address, ecsHost) ? new URL(address, ecsHost) : undefined;
  const allowed = url?.protocol === 'https:' || (url?.protocol === 'http:' && localHosts.test(url.hostname));
  if (url && allowed && url.username === '' && url.password === '') return url;
  throw refusal('the container credentials endpoint must be https, or http on a loopback or link-local address of AWS');
}

function authorization(env: Environment): string | undefined {
  const file = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
  let token = env.AWS_CONTAINER_AUTHORIZATION_TOKEN;
  try {
    if (file) token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw refusal(`AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read: ${messageOf(error)}`);
  }
  // `fetch` would refuse it as well, and quote it.
  if (token && !/^[\x20-\x7e]+$/.test(token)) throw refusal('the container authorization token is not printable text');
  return token || undefined;
}

function refusal(problem: string): StartupError {
  return new StartupError('CONFIG_INVALID', [`KAFKA_SECURITY is msk-iam, but ${problem}.`]);
}
