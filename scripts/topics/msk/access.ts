import { connect } from 'node:net';
import { mskIamTokens } from '../../../functions/kafka/kafkajs/msk-iam.ts';
import { type Settings, settingSpecs } from '../../../functions/runtime/settings.ts';
import { requiredTarget } from '../../doctor/target.ts';
import type { KafkaAccess, TargetOptions } from '../target.ts';
import type { MskApi, MskCluster } from './api.ts';
import { accesses, chooseBrokers } from './brokers.ts';

type Auth = Settings['security'];

const reachTimeoutMs = 1_500;

/**
 * How to speak Kafka's own protocol to a cluster of MSK: its brokers, by the authentication that KAFKA_SECURITY names.
 * Without KAFKA_SECURITY that is what the cluster offers, IAM first: its credentials are there already.
 */
export async function kafkaAccess(api: MskApi, cluster: MskCluster, options: TargetOptions): Promise<KafkaAccess> {
  const { environment, bootstrapServers } = options;
  const auths = usableAuths(environment);
  const chosen =
    bootstrapServers === undefined
      ? chooseBrokers(await brokerStrings(api, cluster.arn), {
          auths,
          access: accesses.find((access) => access === options.brokersVia),
        })
      : { auth: auths[0], bootstrapServers: bootstrapServers.split(',') };
  // The tokens of IAM are made here, on top of TLS: from the credentials that the SDK finds.
  const iam = chosen.auth === 'msk-iam';
  const flags = {
    [settingSpecs.bootstrapServers.name]: chosen.bootstrapServers.join(','),
    [settingSpecs.security.name]: iam ? 'tls' : chosen.auth,
  };
  const sources = { flags, environment, envFile: {}, local: {} };
  const { bootstrapServers: brokers, security } = requiredTarget(sources, '--bootstrap');
  if (!iam) return { bootstrapServers: brokers, security };
  const oauthBearerProvider = iamTokens(api, brokers);
  return {
    bootstrapServers: brokers,
    security: { ...security, sasl: { mechanism: 'oauthbearer', oauthBearerProvider } },
  };
}

/** The broker strings of a cluster, by their names in the service's answer. */
async function brokerStrings({ sdk, client, call }: MskApi, clusterArn: string): Promise<Record<string, unknown>> {
  const command = new sdk.GetBootstrapBrokersCommand({ ClusterArn: clusterArn });
  return { ...(await call({ operation: 'GetBootstrapBrokers', clusterArn }, () => client.send(command))) };
}

function usableAuths(environment: NodeJS.ProcessEnv): readonly Auth[] {
  const named = environment[settingSpecs.security.name]?.trim();
  if (named) return [named as Auth]; // what is none of them is refused with the other settings
  const hasUser = environment[settingSpecs.username.name] && environment[settingSpecs.password.name];
  return ['msk-iam', ...(hasUser ? (['scram'] as const) : []), 'tls', 'plaintext'];
}

/** Credentials may be those of a profile or a login, and pass: they are asked for at each connection. */
function iamTokens(api: MskApi, brokers: readonly string[]): () => Promise<{ value: string }> {
  return async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await api.client.config.credentials();
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const session = sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken };
    const region = { AWS_REGION: await api.client.config.region() };
    return mskIamTokens({ brokers, env: { ...region, ...keys, ...session } })();
  };
}

/** Whether any of the brokers takes a connection from here: those of a VPC do so from inside only. */
export async function isReachable({ bootstrapServers }: KafkaAccess): Promise<boolean> {
  const attempts = bootstrapServers.map(
    (address) =>
      new Promise<void>((resolve, reject) => {
        const separator = address.lastIndexOf(':');
        const host = address.slice(0, separator).replace(/^\[|\]$/g, '');
        const socket = connect({ host, port: Number(address.slice(separator + 1)), timeout: reachTimeoutMs });
        const end = (settle: () => void) => () => {
          socket.destroy();
          settle();
        };
        socket.once('connect', end(resolve)).once('error', end(reject)).once('timeout', end(reject));
      }),
  );
  return Promise.any(attempts).then(
    () => true,
    () => false,
  );
}
