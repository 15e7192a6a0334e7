import type { LeaderBroker } from 'kafkajs/src/cluster/index.js';
import { expect, test } from 'vitest';
import { sendRaw } from '../../../functions/kafka/kafkajs/raw-request.ts';

interface Pushed {
  readonly entry: { correlationId: number; resolve: (response: object) => void; reject: (error: unknown) => void };
  readonly requestTimeout: number | null;
  readonly sendRequest: () => void;
}

/** A broker whose answers the test gives, and what it was told. */
function broker(): { broker: LeaderBroker; told: unknown[]; pushed: Pushed[]; written: Buffer[] } {
  const told: unknown[] = [];
  const pushed: Pushed[] = [];
  const written: Buffer[] = [];
  const connection = {
    clientId: 'clïent',
    isAuthenticated: () => false,
    authenticate: async () => void told.push('authenticate'),
    failIfNotConnected: () => told.push('connected?'),
    nextCorrelationId: () => 0x01020304,
    socket: {
      cork: () => told.push('cork'),
      write: (bytes: Buffer) => written.push(bytes),
      uncork: () => told.push('uncork'),
    },
    requestQueue: {
      push: (request: Pushed) => pushed.push(request),
      maybeThrottle: (ms: number) => told.push(`throttle ${ms}`),
    },
  };
  const made = {
    connectionPool: { getConnectionByRequest: async () => connection },
    disconnect: async () => void told.push('disconnect'),
  };
  return { broker: made as unknown as LeaderBroker, told, pushed, written };
}

const request = { api: { key: 1, name: 'Fetch' }, version: 11, body: Buffer.from('body'), timeoutMs: 700 };
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a request goes out with its head, its body not copied, and its answer is decoded', async () => {
  const { broker: to, told, pushed, written } = broker();
  const answer = sendRaw(to, request, (payload) => ({ throttleMs: 30, text: String(payload) }));
  await settle();
  const [only] = pushed;
  only?.sendRequest();
  only?.entry.resolve({ payload: Buffer.from('answer') });

  expect(await answer).toEqual({ throttleMs: 30, text: 'answer' });
  // Size, API, version, correlation id, client id: the request header, version 1.
  const head = Buffer.from('0000001500010 00b010203040007'.replaceAll(' ', ''), 'hex');
  expect(written[0]).toEqual(Buffer.concat([head, Buffer.from('clïent')]));
  expect(written[1]).toBe(request.body);
  expect(written[0]?.readInt32BE(0)).toBe(Buffer.concat(written).length - 4);
  expect(only?.requestTimeout).toBe(700);
  expect(told).toEqual(['authenticate', 'connected?', 'cork', 'uncork', 'throttle 30']);
});

test('a connection that was closed closes the broker: the next request opens it anew', async () => {
  const { broker: to, told, pushed } = broker();
  const answer = sendRaw(to, request, () => ({ throttleMs: 0 }));
  await settle();
  const closed = Object.assign(new Error('Closed connection'), { name: 'KafkaJSConnectionClosedError' });
  pushed[0]?.entry.reject(closed);
  await expect(answer).rejects.toBe(closed);
  expect(told).toContain('disconnect');
});

test('an answer that cannot be decoded is an error, and closes nothing', async () => {
  const { broker: to, told, pushed } = broker();
  const answer = sendRaw(to, request, () => {
    throw new RangeError('cut short');
  });
  await settle();
  pushed[0]?.entry.resolve({ payload: Buffer.alloc(0) });
  await expect(answer).rejects.toThrow('cut short');
  expect(told).not.toContain('disconnect');
});
