import { readFileSync } from 'node:fs';
import type { ClientOptions } from '../../kafka/kafkajs/client.ts';
import { mskIamTokens } from '../../kafka/kafkajs/msk-iam.ts';
import type { Logger } from '../../runtime/contract.ts';
import type { Settings } from '../../runtime/settings.ts';

/**
 * How a host reaches the cluster, from its settings. Certificates are always verified.
 * @throws StartupError when msk-iam has no region
 */
export function clientOptions(clientId: string, settings: Settings, log: Logger): ClientOptions {
  const { security, username, password, caFile } = settings;
  const ca = caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') };
  const ssl = security === 'plaintext' ? {} : { ssl: { rejectUnauthorized: true, ...ca } };
  const credentials = username !== undefined && password !== undefined ? { username, password } : undefined;
  return {
    brokers: settings.bootstrapServers,
    clientId,
    security: { ...ssl, ...sasl() },
    // What kafkajs calls an error is often the start of a recovery: the runtime logs what it means for records.
    onLog: (level, fields) => log.debug({ ...fields, level }, 'kafkajs'),
  };

  function sasl(): NonNullable<ClientOptions['security']> {
    if (security === 'scram' && credentials) return { sasl: { mechanism: 'scram-sha-512', ...credentials } };
    if (security !== 'msk-iam') return {};
    const oauthBearerProvider = mskIamTokens({ brokers: settings.bootstrapServers, env: process.env });
    return { sasl: { mechanism: 'oauthbearer', oauthBearerProvider } };
  }
}
