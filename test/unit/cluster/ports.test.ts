import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { choosePorts, isFree } from '../../../infra/cluster/ports.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server = undefined;
});

async function occupy(port: number): Promise<void> {
  server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
}

test('six ports, all different, free and below those of outgoing connections', async () => {
  const ports = (await choosePorts()).flatMap((broker) => [broker.port, broker.controllerPort]);

  expect(new Set(ports).size).toBe(6);
  for (const port of ports) {
    expect(port).toBeGreaterThanOrEqual(20_000);
    expect(port).toBeLessThan(32_768);
    expect(await isFree(port)).toBe(true);
  }
});

test('a second way in takes two more of each broker', async () => {
  const chosen = await choosePorts([], { outside: true });
  const ports = chosen.flatMap(({ port, controllerPort, outside }) => [
    ...[port, controllerPort, outside?.port, outside?.advertisedPort],
  ]);

  expect(new Set(ports).size).toBe(12);
  expect(ports).not.toContain(undefined);
});

test('the ports of the last start are taken again', async () => {
  const before = await choosePorts();

  expect(await choosePorts(before)).toEqual(before);
});

test('only a port that another program took is chosen anew', async () => {
  const before = await choosePorts();
  await occupy(before[1]?.port ?? 0);

  const after = await choosePorts(before);

  expect(after[0]).toEqual(before[0]);
  expect(after[2]).toEqual(before[2]);
  expect(after[1]?.controllerPort).toBe(before[1]?.controllerPort);
  expect(after[1]?.port).not.toBe(before[1]?.port);
});
