import { AwsV4Signer } from 'aws4fetch';
import { DependencyDownError, messageOf } from '../runtime/errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** `arn:<partition>:secretsmanager:<region>:<account>:secret:<name>`. */
export const secretArn = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]+$/;

/** What a secret says in place of the environment. */
const names = ['DATABASE_URL', 'DATABASE_REPLICA_URLS'] as const;

/** It is one round trip within a region; whoever calls tries again. */
const answerTimeoutMs = 5_000;

/**
 * The environment, with the URLs that the secret of `DATABASE_SECRET_ARN` holds; as it is when none is named. A variable of a
 * Lambda function is shown to all who may look at its configuration, so these come over the wire and stay in memory.
 * @throws DependencyDownError when the secret cannot be had, or is not what it must be: an operator or time mends that
 */
export async function withSecret(env: Environment, ask: typeof fetch = fetch): Promise<Environment> {
  const arn = env.DATABASE_SECRET_ARN?.trim();
  if (!arn) return env;
  const held = heldIn(arn, await read(arn, env, ask));
  return { ...env, ...Object.fromEntries(names.map((name) => [name, held[name]])) };
}

async function read(arn: string, env: Environment, ask: typeof fetch): Promise<unknown> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: token } = env;
  if (!accessKeyId || !secretAccessKey) {
    throw unread(arn, 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, as they are in a Lambda function');
  }
  const [, partition, , region = ''] = arn.split(':');
  const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  const signer = new AwsV4Signer({
    url: env.AWS_ENDPOINT_URL_SECRETS_MANAGER || `https://secretsmanager.${region}.${domain}/`,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' },
    body: JSON.stringify({ SecretId: arn }),
    ...{ accessKeyId, secretAccessKey, service: 'secretsmanager', region },
    ...(token ? { sessionToken: token } : {}),
  });
  const { url, method, headers, body } = await signer.sign();
  let response: Response;
  let answer: Record<string, unknown>;
  try {
    const signal = AbortSignal.timeout(answerTimeoutMs);
    response = await ask(url, { method, headers, body: body ?? null, redirect: 'error', signal });
    // What is no JSON has no secret either, and the parser's error would quote it.
    answer = Object(await response.json().catch(() => undefined));
  } catch (error) {
    const hint = 'it takes a NAT gateway or an endpoint of Secrets Manager in its subnets';
    throw unread(arn, `${url.host} does not answer (${messageOf(error)}); ${hint}`);
  }
  if (response.ok) return answer.SecretString;
  // `com.amazonaws.secretsmanager#AccessDeniedException`, or the last part alone
  const kind = /\w+$/.exec(String(answer.__type ?? ''))?.[0];
  const hint = kind === 'AccessDeniedException' ? '; let the role do secretsmanager:GetSecretValue on it' : '';
  throw unread(arn, `status ${response.status}, ${kind ?? 'without a reason'}${hint}`);
}

/** The values of a secret, of which nothing is ever shown. */
function heldIn(arn: string, text: unknown): Partial<Record<(typeof names)[number], string>> {
  let held: Record<string, unknown> = {};
  try {
    held = Object(JSON.parse(String(text)));
  } catch {
    // told below
  }
  const texts = names.map((name) => held[name]);
  if (typeof texts[0] === 'string' && (texts[1] === undefined || typeof texts[1] === 'string')) return held;
  throw unread(
    arn,
    'it is no JSON object with the text DATABASE_URL, and where there are replicas DATABASE_REPLICA_URLS',
  );
}

function unread(arn: string, why: string): DependencyDownError {
  return new DependencyDownError(`The secret ${arn} cannot be used: ${why}.`);
}
