import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createFunctionHost } from '../../../functions/hosts/lambda/host.ts';
import { createEvent, createInvocation } from '../../../functions/hosts/lambda/testing.ts';
import { kafkajsPort } from '../../../functions/kafka/kafkajs/port.ts';
import type { RecordFunction } from '../../../functions/runtime/contract.ts';
import { readSettings } from '../../../functions/runtime/read-settings.ts';
import { createRecord } from '../../../functions/runtime/testing.ts';
import { createRecordingLogger } from '../../support/fakes.ts';

test('a broker that takes connections and says nothing costs an invocation its time, and not more', async () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const broker = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const settings = readSettings({
      ...{ KAFKA_BOOTSTRAP_SERVERS: broker, STARTUP_TIMEOUT_MS: '80000', DEADLINE_MARGIN_MS: '500' },
    });
    const definition: RecordFunction = {
      ...{ name: 'copy', source: 'in', group: 'g', output: 'out', deadLetters: 'dlq', order: 'partition' },
      retry: { attempts: 3, initialDelayMs: 10, maxDelayMs: 10 },
      handle: () => null,
    };
    const kafka = kafkajsPort({ brokers: [broker], clientId: 'silent' });
    const host = createFunctionHost(definition, settings, { kafka, log: createRecordingLogger(), env: {} });
    const startedAtMs = Date.now();

    const answer = await host(createEvent([createRecord({ topic: 'in', offset: 7 })]), createInvocation(2_000));

    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: { partition: 'in-0', offset: 7 } }] });
    expect(Date.now() - startedAtMs).toBeLessThan(2_000);
    expect(sockets.size).toBeGreaterThan(0);
  } finally {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
});
