import { vi } from 'vitest';
import { type MskServer, startMskServer } from './server.ts';
import { type MskService, mskService, type ServiceOptions } from './service.ts';
import { memoryTopics } from './topic-store.ts';

/** The cluster that is in the account unless a test wants others. */
export const market = {
  name: 'market',
  arn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/market/11111111-2222-3333-4444-555555555555-2',
} as const;

/** Credentials of a session, made up. */
export const keys = {
  AWS_ACCESS_KEY_ID: 'ASIAEXAMPLEEXAMPLE42',
  AWS_SECRET_ACCESS_KEY: 'made/up/secret/access/key/of/forty/chars',
  AWS_SESSION_TOKEN: 'made-up-session-token-of-some-length',
} as const;

/** What keeps the SDK away from the credentials and settings of whoever runs the tests. */
export const nobody = {
  ...{ AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null', AWS_EC2_METADATA_DISABLED: 'true' },
  ...{ AWS_PROFILE: undefined, AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined },
  ...{ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_SESSION_TOKEN: undefined },
  ...{ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: undefined, AWS_CONTAINER_CREDENTIALS_FULL_URI: undefined },
  ...{ AWS_WEB_IDENTITY_TOKEN_FILE: undefined, AWS_MAX_ATTEMPTS: undefined },
  ...{ AWS_ENDPOINT_URL: undefined, AWS_ENDPOINT_URL_KAFKA: undefined, KAFKA_SECURITY: undefined },
} as const;

/** An account with a service in it. */
export interface Account extends MskServer, MskService {
  /** What a process needs to be a client of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Starts the stand-in. Brokers that no test speaks to are on the discard port of loopback, where nothing listens. */
export async function startAccount(options: Partial<ServiceOptions> = {}): Promise<Account> {
  const brokers = { BootstrapBrokerStringSaslIam: '127.0.0.1:9,localhost:9' };
  const service = mskService({ clusters: [{ ...market, brokers }], topics: memoryTopics(), ...options });
  const server = await startMskServer(service.handle);
  return { ...service, ...server, environment: { ...nobody, ...keys, AWS_ENDPOINT_URL_KAFKA: server.endpoint } };
}

/** Makes this process a client of an account, until `vi.unstubAllEnvs()`. */
export function enter({ environment }: Pick<Account, 'environment'>): void {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
}
