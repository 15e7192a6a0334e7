import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A stand-in for Secrets Manager that has one secret. */
export interface SecretService {
  /** A function's settings, with the secret's ARN in place of what is in it, and where to ask for it. */
  readonly env: Readonly<Record<string, string>>;
  /** Puts other URLs into the secret. */
  change(settings: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

const arn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:market/database-AbCdEf';
const kept = ['DATABASE_URL', 'DATABASE_REPLICA_URLS'];

/** Takes the URLs of the database out of a function's settings, for it to ask for them as it does under Lambda. */
export async function serveSecret(settings: Readonly<Record<string, string>>): Promise<SecretService> {
  const entries = Object.entries(settings);
  const heldOf = (all: typeof entries) => Object.fromEntries(all.filter(([name]) => kept.includes(name)));
  let held = heldOf(entries);
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { authorization = '', 'x-amz-target': target } = request.headers;
    const isSigned = /^AWS4-HMAC-SHA256 Credential=an-id\/\d{8}\/us-east-1\/secretsmanager\//.test(authorization);
    const isMeant = target === 'secretsmanager.GetSecretValue' && JSON.parse(body).SecretId === arn;
    response.statusCode = isSigned && isMeant ? 200 : 400;
    response.end(JSON.stringify(isSigned && isMeant ? { SecretString: JSON.stringify(held) } : { __type: 'Refused' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      ...Object.fromEntries(entries.filter(([name]) => !kept.includes(name))),
      DATABASE_SECRET_ARN: arn,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${port}`,
      ...{ AWS_ACCESS_KEY_ID: 'an-id', AWS_SECRET_ACCESS_KEY: 'a-key' },
    },
    change(changed) {
      held = heldOf(Object.entries(changed));
    },
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
