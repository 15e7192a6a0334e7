import { describe, expect, test } from 'vitest';
import { brokerMembers, chooseBrokers } from '../../../scripts/topics/msk/brokers.ts';
import { operations } from '../../support/msk/model.ts';

/** Every broker string there is, each with its own name in it. */
const all = Object.fromEntries(
  operations.get('GetBootstrapBrokers')?.output.members.map(({ name }) => [name, `${name}-1:1,${name}-2:1`]) ?? [],
);

describe('the brokers of a cluster of MSK', () => {
  test('every broker string of the model has its way and its authentication', () => {
    const known = Object.values(brokerMembers).flatMap((members) => Object.values(members));
    expect(known.toSorted()).toEqual(Object.keys(all).toSorted());
  });

  test.each([
    ['msk-iam', 'BootstrapBrokerStringSaslIam'],
    ['scram', 'BootstrapBrokerStringSaslScram'],
    ['tls', 'BootstrapBrokerStringTls'],
    ['plaintext', 'BootstrapBrokerString'],
  ] as const)('%s takes %s', (auth, member) => {
    expect(chooseBrokers(all, { auths: [auth] })).toEqual({
      auth,
      access: 'private',
      bootstrapServers: [`${member}-1:1`, `${member}-2:1`],
    });
  });

  test.each([
    ['public', 'BootstrapBrokerStringPublicSaslScram-1:1'],
    ['vpc-connectivity', 'BootstrapBrokerStringVpcConnectivitySaslScram-1:1'],
    ['ipv6', 'BootstrapBrokerStringSaslScramIpv6-1:1'],
  ] as const)('a way that is wanted is taken: %s', (access, first) => {
    expect(chooseBrokers(all, { auths: ['scram'], access }).bootstrapServers[0]).toBe(first);
  });

  test('the public brokers are taken of a cluster that offers no others for the authentication', () => {
    const { BootstrapBrokerStringTls, BootstrapBrokerStringPublicSaslIam } = all;
    const chosen = chooseBrokers(
      { BootstrapBrokerStringTls, BootstrapBrokerStringPublicSaslIam },
      { auths: ['msk-iam'] },
    );
    expect(chosen.access).toBe('public');
  });

  test('where several will do, the first that the cluster offers', () => {
    const { BootstrapBrokerStringTls } = all;
    expect(chooseBrokers({ BootstrapBrokerStringTls }, { auths: ['msk-iam', 'tls', 'plaintext'] }).auth).toBe('tls');
  });

  test('what the cluster does not offer is refused with what it does offer', () => {
    const { BootstrapBrokerStringTls, BootstrapBrokerStringPublicSaslScram } = all;
    const offered = { BootstrapBrokerStringTls, BootstrapBrokerStringPublicSaslScram, $metadata: {} };
    expect(() => chooseBrokers(offered, { auths: ['msk-iam'] })).toThrow(
      'does not offer KAFKA_SECURITY msk-iam: set KAFKA_SECURITY to what it offers, scram (public), tls (private)',
    );
    expect(() => chooseBrokers(offered, { auths: ['scram'], access: 'private' })).toThrow('scram (private)');
    expect(() => chooseBrokers({ $metadata: {} }, { auths: ['scram'] })).toThrow('names no brokers');
  });
});
