import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createFunctionHost } from '../../../functions/hosts/lambda/host.ts';
import { createEvent, createInvocation } from '../../../functions/hosts/lambda/testing.ts';
import { kafkajsPort } from '../../../functions/kafka/kafkajs/port.ts';
import type { RecordFunction } from '../../../functions/runtime/contract.ts';
import { readSettings } from '../../../functions/runtime/read-settings.ts';
import { createRecord } from '../../../functions/runtime/testing.ts';
import { createRecordingLogger } from '../../support/fakes.ts';

/** A broker that takes connections and says nothing, as a frozen one does: its kernel answers for it. */
let broker: { readonly address: string; readonly sockets: ReadonlySet<Socket>; end(): void };

beforeEach(async () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  broker = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    end() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
});
afterEach(() => broker.end());

test('a silent broker costs an invocation its time, and not more', async () => {
  const settings = readSettings({
    ...{ KAFKA_BOOTSTRAP_SERVERS: broker.address, STARTUP_TIMEOUT_MS: '80000', DEADLINE_MARGIN_MS: '1000' },
  });
  const definition: RecordFunction = {
    ...{ name: 'copy', source: 'in', group: 'g', output: 'out', deadLetters: 'dlq', order: 'partition' },
    retry: { attempts: 3, initialDelayMs: 10, maxDelayMs: 10 },
    handle: () => null,
  };
  const kafka = kafkajsPort({ brokers: [broker.address], clientId: 'silent' });
  const host = createFunctionHost(definition, settings, { kafka, log: createRecordingLogger(), env: {} });
  const startedAtMs = Date.now();

  const answer = await host(createEvent([createRecord({ topic: 'in', offset: 7 })]), createInvocation(2_500));

  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: { partition: 'in-0', offset: 7 } }] });
  expect(Date.now() - startedAtMs).toBeLessThan(2_500);
  expect(broker.sockets.size).toBeGreaterThan(0);
});

test('a question asked again goes out on a connection of its own: that of the first one may be dead', async () => {
  const inspector = kafkajsPort({ brokers: [broker.address], clientId: 'silent' }).inspector();
  const first = expect(inspector.topicFacts(['in'])).rejects.toThrow();
  await vi.waitFor(() => expect(broker.sockets.size).toBe(1));
  const second = expect(inspector.topicFacts(['in'])).rejects.toThrow();
  await vi.waitFor(() => expect(broker.sockets.size).toBe(2));
  broker.end();
  await Promise.all([first, second]);
});
