import type { ClientOptions } from '../../kafka/kafkajs/client.ts';
import { mskIamTokens } from '../../kafka/kafkajs/msk-iam.ts';
import { type TlsListener, tlsSockets } from '../../kafka/kafkajs/tls.ts';
import { messageOf, StartupError } from '../../runtime/errors.ts';
import type { Settings } from '../../runtime/settings.ts';

/** The settings that say how brokers and client know each other. */
export type SecuritySettings = Pick<
  Settings,
  'bootstrapServers' | 'security' | 'username' | 'password' | 'caFile' | 'certFile' | 'keyFile'
>;

/**
 * How a client and its brokers know each other. Certificates are always verified, and read anew when their files change.
 * @throws StartupError when the files cannot be used, or msk-iam has no region
 */
export function clientSecurity(
  settings: SecuritySettings,
  listener?: TlsListener,
): NonNullable<ClientOptions['security']> {
  const { security, username, password, bootstrapServers } = settings;
  if (security === 'plaintext') return {};
  const encrypted = { ssl: true, socketFactory: socketsOf(settings, listener) };
  if (security === 'msk-iam') {
    const oauthBearerProvider = mskIamTokens({ brokers: bootstrapServers, env: process.env });
    return { ...encrypted, sasl: { mechanism: 'oauthbearer', oauthBearerProvider } };
  }
  if (security === 'tls' || username === undefined || password === undefined) return encrypted;
  return { ...encrypted, sasl: { mechanism: 'scram-sha-512', username, password } };
}

function socketsOf({ caFile, certFile, keyFile }: SecuritySettings, listener?: TlsListener) {
  try {
    return tlsSockets({ ca: caFile, cert: certFile, key: keyFile }, listener);
  } catch (error) {
    const named = Object.entries({ KAFKA_CA_FILE: caFile, KAFKA_CERT_FILE: certFile, KAFKA_KEY_FILE: keyFile })
      .filter(([, path]) => path !== undefined)
      .map(([name, path]) => `${name}=${path}`)
      .join(', ');
    const problem = `${named}: ${messageOf(error)}. Expected PEM files of certificates, and of the key that belongs to them.`;
    throw new StartupError('CONFIG_INVALID', [problem], error);
  }
}
