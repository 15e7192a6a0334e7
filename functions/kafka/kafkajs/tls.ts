import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { connect, createSecureContext, type SecureContext } from 'node:tls';
import type { KafkaConfig } from 'kafkajs';
import { messageOf } from '../../runtime/errors.ts';

/** The files of a TLS client, in PEM. */
export interface TlsFiles {
  /** Authorities to trust in place of those that Node ships. */
  readonly ca?: string | undefined;
  /** The client's own certificate, and those between it and the authority. Goes with `key`. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** Who is told what becomes of files that change. */
export interface TlsListener {
  /** The files hold something else now, and new connections use it. */
  readonly onReload?: () => void;
  /** They hold what cannot be used; the last good ones stay. Told once for each content. */
  readonly onTrouble?: (problem: string) => void;
}

type SocketFactory = NonNullable<KafkaConfig['socketFactory']>;
type Contents = Readonly<Record<keyof TlsFiles, string | undefined>>;

const keepAliveMs = 60_000;

/**
 * Makes the sockets of kafkajs, whose own way reads certificates once. Here the files are looked at for each connection,
 * of which there are few: what has changed is used at the next one, and no restart is needed for a certificate.
 * @throws Error when the files cannot be used to begin with
 */
export function tlsSockets(files: TlsFiles, listener: TlsListener = {}): SocketFactory {
  const current = createReloading(files, listener);
  return ({ host, port, onConnect }) => {
    const name = isIP(host) ? {} : { servername: host };
    const secureContext = current();
    const socket = connect({ host, port, ...name, rejectUnauthorized: true, secureContext }, onConnect);
    socket.setKeepAlive(true, keepAliveMs);
    return socket;
  };
}

/** What the files hold now, or held when they were last any good. */
function createReloading(files: TlsFiles, { onReload, onTrouble }: TlsListener): () => SecureContext {
  let seen = contentsOf(files);
  let context = contextOf(seen);
  let troubleWith = '';
  return () => {
    try {
      const found = contentsOf(files);
      if (isSame(found, seen)) return context;
      seen = found;
      context = contextOf(found);
      troubleWith = '';
      onReload?.();
    } catch (error) {
      const problem = messageOf(error);
      if (problem !== troubleWith) onTrouble?.(problem);
      troubleWith = problem;
    }
    return context;
  };
}

function contentsOf(files: TlsFiles): Contents {
  const read = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path, 'utf8'));
  return { ca: read(files.ca), cert: read(files.cert), key: read(files.key) };
}

function isSame(one: Contents, other: Contents): boolean {
  return one.ca === other.ca && one.cert === other.cert && one.key === other.key;
}

/** OpenSSL passes over what is no authority, and would then trust nobody: each is read first. */
function contextOf({ ca, cert, key }: Contents): SecureContext {
  if (ca !== undefined) {
    const blocks = ca.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    if (blocks.length === 0) throw new Error('the file of authorities holds no certificate');
    for (const block of blocks) readable(block);
  }
  try {
    return createSecureContext({ ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) });
  } catch (error) {
    throw new Error('the certificate and its key cannot be read, or do not belong together', { cause: error });
  }
}

function readable(block: string): void {
  try {
    new X509Certificate(block);
  } catch (error) {
    throw new Error('the file of authorities holds a certificate that cannot be read', { cause: error });
  }
}
