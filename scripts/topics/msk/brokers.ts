import type { Settings } from '../../../functions/runtime/settings.ts';
import { CommandError } from '../../support/command.ts';

type Auth = Settings['security'];

/** Ways to the brokers: within the VPC, from the internet, through PrivateLink, and within the VPC by IPv6. */
export type Access = 'private' | 'public' | 'vpc-connectivity' | 'ipv6';

/** Which member of GetBootstrapBrokers' answer has the brokers, by the way there and by the authentication in use. */
export const brokerMembers: Readonly<Record<Access, Partial<Readonly<Record<Auth, string>>>>> = {
  private: {
    'msk-iam': 'BootstrapBrokerStringSaslIam',
    scram: 'BootstrapBrokerStringSaslScram',
    tls: 'BootstrapBrokerStringTls',
    plaintext: 'BootstrapBrokerString',
  },
  public: {
    'msk-iam': 'BootstrapBrokerStringPublicSaslIam',
    scram: 'BootstrapBrokerStringPublicSaslScram',
    tls: 'BootstrapBrokerStringPublicTls',
  },
  'vpc-connectivity': {
    'msk-iam': 'BootstrapBrokerStringVpcConnectivitySaslIam',
    scram: 'BootstrapBrokerStringVpcConnectivitySaslScram',
    tls: 'BootstrapBrokerStringVpcConnectivityTls',
  },
  ipv6: {
    'msk-iam': 'BootstrapBrokerStringSaslIamIpv6',
    scram: 'BootstrapBrokerStringSaslScramIpv6',
    tls: 'BootstrapBrokerStringTlsIpv6',
    plaintext: 'BootstrapBrokerStringIpv6',
  },
};

/** From the inside outwards. */
export const accesses = Object.keys(brokerMembers) as readonly Access[]; // the keys are those of the type
const auths: readonly Auth[] = ['msk-iam', 'scram', 'tls', 'plaintext'];

/** The brokers to ask, and how. */
export interface ChosenBrokers {
  readonly auth: Auth;
  readonly access: Access;
  readonly bootstrapServers: readonly string[];
}

/**
 * Chooses among the broker strings of a cluster: the first authentication of those that may be used, by the first way
 * there, from inside its VPC outwards.
 * @throws CommandError that names what the cluster offers, when none of it may be used
 */
export function chooseBrokers(
  strings: Readonly<Record<string, unknown>>,
  usable: { readonly auths: readonly Auth[]; readonly access?: Access | undefined },
): ChosenBrokers {
  const ways = usable.access === undefined ? accesses : [usable.access];
  const chosen = offers(strings, usable.auths, ways)[0];
  if (chosen) return chosen;
  const offered = offers(strings, auths, accesses).map(({ auth, access }) => `${auth} (${access})`);
  if (offered.length === 0) {
    throw new CommandError('the cluster names no brokers to connect to: is it still being created?');
  }
  const wanted = usable.auths.join(' or ') + (usable.access === undefined ? '' : ` (${usable.access})`);
  throw new CommandError(
    `the cluster does not offer KAFKA_SECURITY ${wanted}: set KAFKA_SECURITY to what it offers, ${offered.join(', ')}.`,
  );
}

function offers(
  strings: Readonly<Record<string, unknown>>,
  wanted: readonly Auth[],
  ways: readonly Access[],
): ChosenBrokers[] {
  const all = wanted.flatMap((auth) =>
    ways.map((access) => ({ auth, access, bootstrapServers: brokersIn(strings, access, auth) })),
  );
  return all.filter(({ bootstrapServers }) => bootstrapServers.length > 0);
}

function brokersIn(strings: Readonly<Record<string, unknown>>, access: Access, auth: Auth): readonly string[] {
  const text = strings[brokerMembers[access][auth] ?? ''];
  if (typeof text !== 'string') return [];
  return text.split(',').filter((broker) => broker !== '');
}
