import '../../../functions/kafka/kafkajs/response-fix.ts';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import fc from 'fast-check';
import Connection from 'kafkajs/src/network/connection.js';
import { describe, expect, test, vi } from 'vitest';
import { kafkaClient } from '../../../functions/kafka/kafkajs/client.ts';

interface Fulfilled {
  readonly correlationId: number;
  readonly payload: Buffer;
}

/** A connection that was never opened, and what it made of the bytes that it was given. */
function connection(): { connection: Connection; responses: Fulfilled[] } {
  const responses: Fulfilled[] = [];
  const made: Connection = Object.create(Connection.prototype);
  Object.assign(made, {
    chunks: [],
    bytesBuffered: 0,
    bytesNeeded: 4,
    requestQueue: { fulfillRequest: (response: Fulfilled) => responses.push(response) },
  });
  return { connection: made, responses };
}

function response(correlationId: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + payload.length);
  head.writeInt32BE(correlationId, 4);
  return Buffer.concat([head, payload]);
}

describe('responses', () => {
  test('come whole and in order, in whatever pieces their bytes come', () => {
    const payloads = fc.array(
      fc.oneof(fc.uint8Array({ maxLength: 9 }), fc.uint8Array({ minLength: 100, maxLength: 900 })),
      {
        minLength: 1,
        maxLength: 6,
      },
    );
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 700 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(payloads, sizes, (all, cuts) => {
        const { connection: here, responses } = connection();
        let rest = Buffer.concat(all.map((payload, index) => response(index, Buffer.from(payload))));
        for (let cut = 0; rest.length > 0; cut += 1) {
          const size = cuts[cut % cuts.length] ?? 1;
          here.processData(Buffer.from(rest.subarray(0, size)));
          rest = rest.subarray(size);
        }
        expect(responses.map(({ correlationId, payload }) => [correlationId, payload.toString('hex')])).toEqual(
          all.map((payload, index) => [index, Buffer.from(payload).toString('hex')]),
        );
        expect(here).toMatchObject({ chunks: [], bytesBuffered: 0, bytesNeeded: 4 });
      }),
    );
  });

  test('are not kept when they were handed on, nor are their pieces while they come', () => {
    const { connection: here, responses } = connection();
    const whole = response(1, Buffer.alloc(1_000, 'x'));
    here.processData(whole.subarray(0, 500));
    expect(here.chunks).toEqual([]);
    here.processData(whole.subarray(500));
    expect(here.chunks).toEqual([]);
    here.processData(response(2, Buffer.from('small')));
    expect(here.chunks).toEqual([]);
    expect(responses).toHaveLength(2);
  });

  test('of a new connection have nothing of what the old one left behind', async () => {
    for (const left of [3, 500]) {
      const { connection: here, responses } = connection();
      here.processData(response(1, Buffer.alloc(1_000)).subarray(0, left));
      await here.connect().catch(() => undefined); // it has no address
      here.processData(response(2, Buffer.from('anew')));
      expect(responses.map(({ payload }) => String(payload))).toEqual(['anew']);
    }
  });

  test('that nobody could send get no memory of their own', () => {
    const { connection: here } = connection();
    here.processData(Buffer.from('HTTP/1.1 400 Bad Request\r\n')); // taken for a size: 1.2 GB
    expect(here.bytesBuffered).toBe(26);
  });
});

describe('requests', () => {
  test('are sent at once, whatever is not acknowledged yet', async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const delays: unknown[] = [];
    const socketFactory = (options: { host: string; port: number; onConnect: () => void }) => {
      const socket = connect(options.port, options.host, options.onConnect);
      vi.spyOn(socket, 'setNoDelay').mockImplementation((noDelay = true) => {
        delays.push(noDelay);
        return socket;
      });
      return socket;
    };
    const admin = kafkaClient({
      brokers: [`127.0.0.1:${port}`],
      clientId: 'test',
      security: { socketFactory },
    }).admin();
    await admin.connect().catch(() => undefined);
    server.close();
    expect(new Set(delays)).toEqual(new Set([true]));
  });
});

test('a socket that is dead gets no listener more each time that it is ended again', async () => {
  const kafka = kafkaClient({ brokers: ['127.0.0.1:1'], clientId: 'dead', security: {} });
  const ended: Connection[] = [];
  const { disconnect } = Connection.prototype;
  const spy = vi.spyOn(Connection.prototype, 'disconnect').mockImplementation(function spied(this: Connection) {
    ended.push(this);
    return disconnect.call(this);
  });
  await expect(kafka.admin().connect()).rejects.toThrow();
  spy.mockRestore();
  const [dead] = ended;
  if (dead === undefined) throw new Error('nothing was ended');
  await vi.waitUntil(() => dead.socket.destroyed);
  for (let times = 0; times < 20; times += 1) await dead.disconnect();
  expect(dead.socket.listenerCount('connect')).toBeLessThan(3);
});
