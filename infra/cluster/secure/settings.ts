import type { BrokerPorts } from '../layout.ts';
import { brokerUser, securityFiles } from './files.ts';

/**
 * The settings of a broker with which it differs from one without security. Clients come by TLS and SCRAM. Brokers and
 * controllers know each other by certificate: before an authorizer has read its rules from the quorum it denies everything
 * to all but super users, the quorum's votes included.
 */
export function secureSettings(dir: string, broker: BrokerPorts): Readonly<Record<string, string>> {
  const files = securityFiles(dir);
  const clients = `CLIENTS://127.0.0.1:${broker.port}`;
  const inside = `INSIDE://127.0.0.1:${broker.insidePort}`;
  return {
    listeners: `${clients},${inside},CONTROLLER://127.0.0.1:${broker.controllerPort}`,
    'advertised.listeners': `${clients},${inside}`,
    'listener.security.protocol.map': 'CLIENTS:SASL_SSL,INSIDE:SSL,CONTROLLER:SSL',
    'inter.broker.listener.name': 'INSIDE',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': files.broker,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': files.authority,
    'listener.name.inside.ssl.client.auth': 'required',
    'listener.name.controller.ssl.client.auth': 'required',
    // `CN=processor` is User:processor, as the one who logs in with a password.
    'ssl.principal.mapping.rules': 'RULE:^CN=([^,]+)$/$1/',
    'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'listener.name.clients.scram-sha-512.sasl.jaas.config':
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': 'false',
    'super.users': `User:${brokerUser}`,
  };
}
