import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { createAuthority, issue } from '../../../infra/cluster/secure/certificates.ts';
import { integer, oid, time } from '../../../infra/cluster/secure/der.ts';

test('what was issued says what it was told to, and is signed by its authority', () => {
  const authority = createAuthority('authority');
  const notAfter = new Date('2051-02-03T04:05:06Z');
  const { certificate, key } = issue(authority, 'authority', {
    name: 'broker',
    hosts: ['127.0.0.1', 'localhost'],
    notAfter,
  });

  const read = new X509Certificate(certificate);
  const signer = new X509Certificate(authority.certificate);
  expect(read.subject).toBe('CN=broker');
  expect(read.subjectAltName).toBe('IP Address:127.0.0.1, DNS:localhost');
  expect(new Date(read.validTo)).toEqual(notAfter);
  expect(signer.ca).toBe(true);
  expect(read.ca).toBe(false);
  expect(read.checkIssued(signer)).toBe(true);
  expect(read.verify(signer.publicKey)).toBe(true);
  expect(read.verify(new X509Certificate(createAuthority('authority').certificate).publicKey)).toBe(false);
  expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
});

test('a server and a client with certificates of the same authority accept each other', async () => {
  const authority = createAuthority('authority');
  const [server, client] = ['broker', 'processor'].map((name) =>
    issue(authority, 'authority', { name, hosts: ['localhost'] }),
  );
  const ca = authority.certificate;
  const listener = createServer({
    ca,
    cert: server?.certificate,
    key: server?.key,
    requestCert: true,
    rejectUnauthorized: true,
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca,
    cert: client?.certificate,
    key: client?.key,
  });
  const [accepted] = await once(listener, 'secureConnection');
  expect(accepted.getPeerCertificate().subject.CN).toBe('processor');
  socket.destroy();
  listener.close();
});

test.each([
  ['0', '020100', integer(Buffer.from([0]))],
  ['128, not negative', '02020080', integer(Buffer.from([0, 128]))],
  ['a long object identifier', '06082a8648ce3d040302', oid('1.2.840.10045.4.3.2')],
  [
    'a time before 2050',
    Buffer.from('\x17\x0d260102030405Z', 'latin1').toString('hex'),
    time(new Date('2026-01-02T03:04:05Z')),
  ],
  [
    'a time from 2050 on',
    Buffer.from('\x18\x0f20500102030405Z', 'latin1').toString('hex'),
    time(new Date('2050-01-02T03:04:05Z')),
  ],
])('DER of %s', (_what, expected, der) => expect(der.toString('hex')).toBe(expected));
