import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { bits, boolean, explicit, implicit, integer, octets, oid, sequence, set, time, utf8 } from './der.ts';

/** A certificate and its key, in PEM. */
export interface Identity {
  readonly certificate: string;
  /** PKCS #8, not encrypted. */
  readonly key: string;
}

/** What a certificate says. */
export interface CertificateFacts {
  /** The common name, which is the user where a listener takes certificates for a login. */
  readonly name: string;
  /** The host names and addresses that it is good for. */
  readonly hosts?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

const ids = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  subjectAlternativeName: '2.5.29.17',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

const hourMs = 3_600_000;
const lifetimeMs = 10 * 365 * 24 * hourMs;

/** A new authority, which signs itself. */
export function createAuthority(name: string): Identity {
  const { privateKey, publicKey } = newKeys();
  const extensions = [
    extension(ids.basicConstraints, true, sequence(boolean(true))),
    // keyCertSign and cRLSign.
    extension(ids.keyUsage, true, bits(Buffer.from([0b0000_0110]), 1)),
  ];
  return identity({ name }, name, extensions, publicKey, privateKey, privateKey);
}

/** A new key with a certificate of the authority, for a server and a client. */
export function issue(authority: Identity, authorityName: string, facts: CertificateFacts): Identity {
  const { privateKey, publicKey } = newKeys();
  const hosts = (facts.hosts ?? []).map((host) => {
    return isIP(host) === 4 ? implicit(7, Buffer.from(host.split('.').map(Number))) : implicit(2, Buffer.from(host));
  });
  const extensions = [
    extension(ids.keyUsage, true, bits(Buffer.from([0b1000_0000]), 7)), // digitalSignature
    extension(ids.extendedKeyUsage, false, sequence(oid(ids.serverAuth), oid(ids.clientAuth))),
    ...(hosts.length === 0 ? [] : [extension(ids.subjectAlternativeName, false, sequence(...hosts))]),
  ];
  return identity(facts, authorityName, extensions, publicKey, privateKey, createPrivateKey(authority.key));
}

function newKeys() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** RFC 5280, section 4.1. */
function identity(
  { name, notBefore, notAfter }: CertificateFacts,
  issuer: string,
  extensions: readonly Buffer[],
  publicKey: KeyObject,
  privateKey: KeyObject,
  signingKey: KeyObject,
): Identity {
  const algorithm = sequence(oid(ids.ecdsaWithSha256));
  const from = notBefore ?? new Date(Date.now() - hourMs); // clocks differ
  const signed = sequence(
    explicit(0, integer(Buffer.from([2]))), // version 3
    integer(randomBytes(16)),
    algorithm,
    distinguishedName(issuer),
    sequence(time(from), time(notAfter ?? new Date(from.getTime() + lifetimeMs))),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  );
  const der = sequence(signed, algorithm, bits(sign('sha256', signed, signingKey)));
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
}

function distinguishedName(name: string): Buffer {
  return sequence(set(sequence(oid(ids.commonName), utf8(name))));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
}
