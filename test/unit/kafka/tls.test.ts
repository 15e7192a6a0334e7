import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { connectionRefusal } from '../../../functions/kafka/kafkajs/connection-refusal.ts';
import { type TlsFiles, tlsSockets } from '../../../functions/kafka/kafkajs/tls.ts';
import {
  type CertificateFacts,
  createAuthority,
  type Identity,
  issue,
} from '../../../infra/cluster/secure/certificates.ts';

const dir = mkdtempSync(join(tmpdir(), 'hft-tls-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const ours = createAuthority('ours');
const strangers = createAuthority('strangers');
let files = 0;

function file(content: string): string {
  files += 1;
  const path = join(dir, `${files}.pem`);
  writeFileSync(path, content);
  return path;
}

/** A server with a certificate of our authority; it takes clients of both authorities, and tells their names. */
async function serve(facts: Partial<CertificateFacts> = {}, requestCert = false) {
  const { certificate, key } = issue(ours, 'ours', { name: 'broker', hosts: ['127.0.0.1'], ...facts });
  const ca = [ours.certificate, strangers.certificate];
  const server = createServer({ cert: certificate, key, ca, requestCert, rejectUnauthorized: requestCert });
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => undefined).end(socket.getPeerCertificate().subject?.CN?.toString() ?? 'nobody');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** What the server called us, or why there is no connection. */
function meet(sockets: ReturnType<typeof tlsSockets>, port: number, host = '127.0.0.1'): Promise<string> {
  return new Promise((resolve) => {
    const socket = sockets({ host, port, ssl: {}, onConnect: () => undefined });
    socket.on('data', (chunk: Buffer) => resolve(String(chunk)));
    socket.on('error', (error) => resolve(connectionRefusal(error)?.cause ?? `unknown: ${error.message}`));
  });
}

const identityFiles = ({ certificate, key }: Identity): TlsFiles => ({
  ca: file(ours.certificate),
  cert: file(certificate),
  key: file(key),
});

describe('a connection is refused', () => {
  const trusting = () => tlsSockets({ ca: file(ours.certificate) });

  test('to a name that the certificate is not for', async () => {
    expect(await meet(trusting(), await serve(), 'localhost')).toBe(
      'its certificate is for broker, not for localhost, as it was called',
    );
    expect(await meet(trusting(), await serve({ hosts: ['broker.example'] }))).toMatch(
      /^its certificate is for .*, not for 127\.0\.0\.1/,
    );
  });

  test('to a certificate of an authority that is not trusted', async () => {
    const cause = 'its certificate is signed by an authority that is not trusted here';
    expect(await meet(tlsSockets({ ca: file(strangers.certificate) }), await serve())).toBe(cause);
    expect(await meet(tlsSockets({}), await serve())).toBe(cause);
    expect(await meet(tlsSockets({ ca: file(createAuthority('ours').certificate) }), await serve())).toBe(cause);
  });

  test('to a certificate that has expired, or is not valid yet', async () => {
    const [past, future] = [-1, 1].map((sign) => new Date(Date.now() + sign * 86_400_000));
    const expired = await serve({ notBefore: new Date('2020-01-01'), notAfter: past ?? new Date() });
    expect(await meet(trusting(), expired)).toBe('its certificate has expired');
    expect(await meet(trusting(), await serve({ notBefore: future ?? new Date() }))).toBe(
      'its certificate is not valid yet',
    );
  });

  test('without a certificate, where the other side wants one', async () => {
    expect(await meet(trusting(), await serve({}, true))).toBe(
      'it refuses our certificate: there is none, it has expired, or its authority is not trusted there',
    );
    const us = issue(ours, 'ours', { name: 'processor' });
    expect(await meet(tlsSockets(identityFiles(us)), await serve({}, true))).toBe('processor');
  });
});

describe('files that change', () => {
  test('are used at the next connection, with no restart', async () => {
    const port = await serve({}, true);
    const told: string[] = [];
    const used = identityFiles(issue(ours, 'ours', { name: 'before' }));
    const sockets = tlsSockets(used, {
      onReload: () => told.push('reloaded'),
      onTrouble: (problem) => told.push(problem),
    });
    expect(await meet(sockets, port)).toBe('before');
    const { certificate, key } = issue(ours, 'ours', { name: 'after' });

    writeFileSync(used.cert ?? '', certificate);
    // Half of the change: one file and then the other.
    expect(await meet(sockets, port)).toBe('before');
    writeFileSync(used.key ?? '', key);
    expect(await meet(sockets, port)).toBe('after');
    expect(told).toEqual(['the certificate and its key cannot be read, or do not belong together', 'reloaded']);

    writeFileSync(used.ca ?? '', strangers.certificate);
    expect(await meet(sockets, port)).toMatch(/not trusted here$/);
  });

  test('to what is broken are not used: the last good ones stay, and it is told once', async () => {
    const port = await serve();
    const told: string[] = [];
    const ca = file(ours.certificate);
    const sockets = tlsSockets({ ca }, { onTrouble: (problem) => told.push(problem) });
    const cut = `${ours.certificate.slice(0, 200)}\n-----END CERTIFICATE-----\n`;
    for (const broken of ['', 'garbage', cut]) {
      writeFileSync(ca, broken);
      for (const _again of [1, 2, 3]) expect(await meet(sockets, port)).toBe('nobody');
    }
    rmSync(ca);
    expect(await meet(sockets, port)).toBe('nobody');
    expect(told).toEqual([
      'the file of authorities holds no certificate',
      'the file of authorities holds a certificate that cannot be read',
      expect.stringContaining('ENOENT'),
    ]);
    writeFileSync(ca, ours.certificate);
    expect(await meet(sockets, port)).toBe('nobody');
  });

  test('must be good to begin with', () => {
    expect(() => tlsSockets({ ca: file('garbage') })).toThrow('the file of authorities holds no certificate');
    const { certificate } = issue(ours, 'ours', { name: 'a' });
    const { key } = issue(ours, 'ours', { name: 'b' });
    expect(() => tlsSockets({ cert: file(certificate), key: file(key) })).toThrow(/do not belong together/);
  });
});
