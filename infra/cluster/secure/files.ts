import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { principals } from '../../rights.ts';
import { createAuthority, type Identity, issue } from './certificates.ts';

/** What a secured cluster keeps in its directory. All of it is for its owner's eyes only (mode 0600). */
export interface SecurityFiles {
  readonly dir: string;
  /** The certificate of the authority, which clients trust: their KAFKA_CA_FILE. */
  readonly authority: string;
  readonly authorityKey: string;
  /** Key and certificate of the brokers, in one file as Kafka wants them. */
  readonly broker: string;
  readonly passwords: string;
  /** The environment of one user: a file to source, or for `--env-file`. */
  environment(user: string): string;
}

/** The name that the brokers know each other by. */
export const brokerUser = 'broker';
export const authorityName = 'hft-engine local cluster';
/** Nothing else: `localhost` is a wrong name, and refused as one. */
const hosts = ['127.0.0.1'];

export function securityFiles(dir: string): SecurityFiles {
  const own = join(dir, 'security');
  return {
    dir: own,
    authority: join(own, 'authority.pem'),
    authorityKey: join(own, 'authority.key'),
    broker: join(own, 'broker.pem'),
    passwords: join(own, 'passwords.json'),
    environment: (user) => join(own, `${user}.env`),
  };
}

/** Makes what is missing of the authority, the brokers' certificate and the users' passwords. Nothing is replaced. */
export function makeCredentials(dir: string): void {
  const files = securityFiles(dir);
  mkdirSync(files.dir, { recursive: true, mode: 0o700 });
  if (!existsSync(files.authority) || !existsSync(files.broker)) {
    const authority = createAuthority(authorityName);
    const { certificate, key } = issue(authority, authorityName, { name: brokerUser, hosts });
    writePrivate(files.authorityKey, authority.key);
    writePrivate(files.broker, `${key}${certificate}`);
    writePrivate(files.authority, authority.certificate);
  }
  const known = existsSync(files.passwords) ? readPasswords(dir) : {};
  const passwords = principals.map(({ name }) => [name, known[name] ?? randomBytes(24).toString('base64url')] as const);
  writePrivate(files.passwords, `${JSON.stringify(Object.fromEntries(passwords), null, 2)}\n`);
}

export function readPasswords(dir: string): Readonly<Record<string, string>> {
  return JSON.parse(readFileSync(securityFiles(dir).passwords, 'utf8')) as Record<string, string>;
}

/** The authority that signs for this cluster. */
export function readAuthority(dir: string): Identity {
  const files = securityFiles(dir);
  return { certificate: readFileSync(files.authority, 'utf8'), key: readFileSync(files.authorityKey, 'utf8') };
}

/** Puts a new key and certificate of the brokers in place of the old ones, which `undo` puts back. */
export function replaceBroker(dir: string): { readonly certificate: string; readonly undo: () => void } {
  const { broker } = securityFiles(dir);
  const old = readFileSync(broker, 'utf8');
  const { certificate, key } = issue(readAuthority(dir), authorityName, { name: brokerUser, hosts });
  writePrivate(broker, `${key}${certificate}`);
  return { certificate, undo: () => writePrivate(broker, old) };
}

/** The settings of each user, as they are in its file. */
export function writeEnvironments(dir: string, bootstrapServers: readonly string[]): void {
  const files = securityFiles(dir);
  for (const [user, password] of Object.entries(readPasswords(dir))) {
    const settings = {
      KAFKA_BOOTSTRAP_SERVERS: bootstrapServers.join(','),
      KAFKA_SECURITY: 'scram',
      KAFKA_CA_FILE: files.authority,
      KAFKA_USERNAME: user,
      KAFKA_PASSWORD: password,
    };
    // A path may hold spaces, and a shell reads this file as well.
    const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'\n`);
    writePrivate(files.environment(user), lines.join(''));
  }
}

/** Written beside and renamed, and nobody else's to read from the first byte on. */
function writePrivate(path: string, content: string): void {
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  chmodSync(`${path}.new`, 0o600); // one that was left over keeps its own mode
  renameSync(`${path}.new`, path);
}
