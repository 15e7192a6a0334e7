import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import BrokerPool from 'kafkajs/src/cluster/brokerPool.js';
import Connection from 'kafkajs/src/network/connection.js';
import ConnectionPool from 'kafkajs/src/network/connectionPool.js';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import '../../../functions/kafka/kafkajs/silent-broker.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A broker that takes connections, as the kernel of one that hangs does, and what it was sent. */
function broker(host: string, mode: { answers: boolean; slow?: boolean }) {
  const received: Buffer[] = [];
  let connected = 0;
  function socketFactory({ onConnect }: { onConnect: () => void }): Socket {
    const socket = Object.assign(new EventEmitter(), {
      ...{ destroy: () => socket, end: () => socket, unref: () => socket },
      write(bytes: Buffer) {
        received.push(bytes);
        // The key of ApiVersions. What else it is asked it has answered by then, unless it takes long for it.
        const trivial = bytes.readInt16BE(4) === 18;
        if (mode.answers && (trivial || !mode.slow)) {
          const answer = Buffer.alloc(8);
          answer.writeInt32BE(4, 0);
          bytes.copy(answer, 4, 8, 12);
          queueMicrotask(() => socket.emit('data', answer));
        }
        return true;
      },
    });
    connected += 1;
    queueMicrotask(onConnect);
    return socket as unknown as Socket;
  }
  const nothing = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const logger = { ...nothing, namespace: () => nothing };
  const options = { host, port: 9092, logger, socketFactory, connectionTimeout: 1_000, requestTimeout: 30_000 };
  const Constructor = Connection as unknown as new (given: typeof options) => Connection;
  const asked = (): number => received.filter((bytes) => bytes.readInt16BE(4) !== 18).length;
  return { connection: () => new Constructor(options), asked, connected: () => connected };
}

/** Sends some request, and says what became of it. */
function send(connection: Connection): { outcome: string } {
  const correlationId = connection.nextCorrelationId();
  const told = { outcome: 'waits' };
  const head = Buffer.alloc(14);
  head.writeInt16BE(1, 4);
  head.writeInt32BE(correlationId, 8);
  connection.requestQueue.push({
    entry: {
      ...{ apiKey: 1, apiName: 'Fetch', apiVersion: 11, correlationId },
      resolve: () => Object.assign(told, { outcome: 'answered' }),
      reject: (error) => Object.assign(told, { outcome: String(error) }),
    },
    expectResponse: true,
    requestTimeout: null,
    sendRequest: () => connection.socket.write(head),
  });
  return told;
}

const silent = 'KafkaJSRequestTimeoutError: Broker hangs:9092 answers nothing';

test('what a broker that hangs was asked fails after 8 s, and nothing more is sent to it until it answers', async () => {
  const mode = { answers: false };
  const { connection, asked } = broker('hangs', mode);
  const [one, other] = [connection(), connection()];
  await Promise.all([one.connect(), other.connect()]);
  const first = send(one);
  await vi.advanceTimersByTimeAsync(6_000);
  const second = send(other);
  await vi.advanceTimersByTimeAsync(1_500);
  expect([first, second]).toEqual([{ outcome: 'waits' }, { outcome: 'waits' }]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([first, second]).toEqual([{ outcome: silent }, { outcome: silent }]);

  const third = send(one);
  const fresh = connection().connect();
  const refused = expect(fresh).rejects.toThrow('answers nothing');
  await vi.advanceTimersByTimeAsync(200);
  await refused;
  expect(third).toEqual({ outcome: silent });
  expect(asked()).toBe(2);

  mode.answers = true;
  await vi.advanceTimersByTimeAsync(4_000);
  const fourth = send(one);
  await vi.advanceTimersByTimeAsync(10);
  expect(fourth).toEqual({ outcome: 'answered' });
});

test('a request that takes long, of a broker that answers others, goes on', async () => {
  const { connection, connected } = broker('slow', { answers: true, slow: true });
  const one = connection();
  await one.connect();
  const join = send(one);
  await vi.advanceTimersByTimeAsync(25_000);
  expect(join).toEqual({ outcome: 'waits' });
  expect(connected()).toBeGreaterThan(1);
});

test('a silent broker that nobody wants anything of is not asked for ever', async () => {
  const { connection, connected } = broker('gone', { answers: false });
  const one = connection();
  await one.connect();
  send(one);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(connected()).toBeLessThan(6);
});

test('others are asked before the one that says nothing', async () => {
  const { connection } = broker('mute', { answers: false });
  const one = connection();
  await one.connect();
  send(one);
  await vi.advanceTimersByTimeAsync(5_000);
  const known = (brokerAddress: string) => ({ brokerAddress, isConnected: () => true });
  const brokers = { 1: known('mute:9092'), 2: known('other:9092'), 3: known('third:9092') };
  const pool = Object.assign(Object.create(BrokerPool.prototype) as BrokerPool, {
    brokers,
    findBroker: async ({ nodeId }: { nodeId: string }) => brokers[nodeId as unknown as 1],
  });
  for (let time = 0; time < 20; time += 1) {
    const asked: string[] = [];
    await pool.withBroker(async ({ nodeId }) => {
      asked.push(nodeId);
      throw new Error('does not know');
    });
    expect(asked).toHaveLength(3);
    expect(asked.at(-1)).toBe('1');
    expect(await pool.findConnectedBroker()).not.toBe(brokers[1]);
  }
});

test('who asks for leaders does not wait behind a request that waits for replicas', async () => {
  const { connection } = broker('held', { answers: false });
  const pool = [connection(), connection()] as const;
  const made = Object.assign(Object.create(ConnectionPool.prototype) as ConnectionPool, { pool });
  const by = async (apiKey: number): Promise<number> =>
    pool.indexOf(await made.getConnectionByRequest({ request: { apiKey } }));
  const [produce, fetch, metadata, commit, coordinator] = [0, 1, 3, 8, 10];
  expect([await by(produce), await by(fetch), await by(metadata), await by(coordinator)]).toEqual([0, 1, 0, 0]);
  send(pool[0]);
  expect([await by(produce), await by(commit), await by(metadata), await by(coordinator)]).toEqual([0, 0, 1, 1]);
});
