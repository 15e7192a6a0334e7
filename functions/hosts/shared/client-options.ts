import { readFileSync } from 'node:fs';
import type { ClientOptions } from '../../kafka/kafkajs/client.ts';
import type { Logger } from '../../runtime/contract.ts';
import type { Settings } from '../../runtime/settings.ts';

/** How a host reaches the cluster, from its settings. Certificates are always verified. */
export function clientOptions(clientId: string, settings: Settings, log: Logger): ClientOptions {
  const { security, username, password, caFile } = settings;
  const ca = caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') };
  const ssl = security === 'plaintext' ? {} : { ssl: { rejectUnauthorized: true, ...ca } };
  const credentials = username !== undefined && password !== undefined ? { username, password } : undefined;
  const sasl =
    security === 'scram' && credentials ? { sasl: { mechanism: 'scram-sha-512' as const, ...credentials } } : {};
  return {
    brokers: settings.bootstrapServers,
    clientId,
    security: { ...ssl, ...sasl },
    // What kafkajs calls an error is often the start of a recovery: the runtime logs what it means for records.
    onLog: (level, fields) => log.debug({ ...fields, level }, 'kafkajs'),
  };
}
