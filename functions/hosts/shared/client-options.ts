import type { ClientOptions } from '../../kafka/kafkajs/client.ts';
import type { Logger } from '../../runtime/contract.ts';
import type { Settings } from '../../runtime/settings.ts';
import { clientSecurity } from './client-security.ts';

/**
 * How a host reaches the cluster, from its settings.
 * @throws StartupError when certificates cannot be used, or msk-iam has no region
 */
export function clientOptions(clientId: string, settings: Settings, log: Logger): ClientOptions {
  const { caFile, certFile, keyFile } = settings;
  return {
    brokers: settings.bootstrapServers,
    clientId,
    security: clientSecurity(settings, {
      onReload: () => log.info({ caFile, certFile }, 'Certificates have changed: new connections use the new ones'),
      onTrouble: (error) =>
        log.error(
          { error, caFile, certFile, keyFile },
          `The new certificates cannot be used, those from before stay: ${error}`,
        ),
    }),
    // What kafkajs calls an error is often the start of a recovery: the runtime logs what it means for records.
    onLog: (level, fields) => log.debug({ ...fields, level }, 'kafkajs'),
  };
}
