import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Inside } from './inside.ts';

const timeoutMs = 3_000;
const clientId = Buffer.from('hft-cluster');

/** A request with a flexible header: compact arrays and strings carry their length plus one, 0 ends each struct. */
export function flexibleRequest(apiKey: number, version: number, ...body: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(10);
  header.writeInt16BE(apiKey, 0);
  header.writeInt16BE(version, 2);
  header.writeInt32BE(1, 4);
  header.writeInt16BE(clientId.length, 8);
  const request = Buffer.concat([header, clientId, Buffer.from([0]), ...body]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(request.length);
  return Buffer.concat([size, request]);
}

/** Asks a broker of this machine for what kafkajs does not know, and gives the answer from its correlation id on. */
export function askBroker(port: number, { ssl }: Pick<Inside, 'ssl'>, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = ssl ? connectTls({ port, host: '127.0.0.1', ...ssl }) : connect({ port, host: '127.0.0.1' });
    let received = Buffer.alloc(0);
    const fail = (why: string) => {
      socket.destroy();
      reject(new Error(why));
    };
    socket.setTimeout(timeoutMs, () => fail('no answer'));
    socket.once('error', (error) => fail(error.message));
    socket.once('close', () => fail('connection closed'));
    socket.once(ssl ? 'secureConnect' : 'connect', () => socket.write(request));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      socket.destroy();
      resolve(received.subarray(4));
    });
  });
}
