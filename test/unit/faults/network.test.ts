import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { choosePorts } from '../../../infra/cluster/ports.ts';
import { type Network, openNetwork } from '../../../scripts/faults/network.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A broker that answers every request with itself. */
async function echo(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port; // of a TCP server it is no string
}

async function network(): Promise<{ network: Network; ports: number[] }> {
  const [first, second] = await choosePorts();
  const ports = [first?.port ?? 0, second?.port ?? 0];
  const brokers = await Promise.all([echo(), echo()]);
  const opened = await openNetwork(
    ports.map((listenPort, index) => ({
      ...{ id: index + 1, listenPort },
      brokerPort: brokers[index] ?? 0,
    })),
  );
  closing.unshift(() => opened.close());
  return { network: opened, ports };
}

interface Talk {
  readonly socket: Socket;
  readonly heard: () => string;
  say(text: string): void;
}

/** A client that begins as Kafka's do: size, key, version, correlation id, client id. */
async function talk(port: number | undefined, client: string): Promise<Talk> {
  const socket = connect({ port: port ?? 0, host: '127.0.0.1' });
  await once(socket, 'connect');
  closing.unshift(() => socket.destroy());
  let heard = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    heard += text;
  });
  socket.on('error', () => undefined);
  const header = Buffer.alloc(14);
  header.writeInt16BE(client.length, 12);
  socket.write(Buffer.concat([header, Buffer.from(client)]));
  await expect.poll(() => heard).toContain(client);
  heard = '';
  return { socket, heard: () => heard, say: (text) => void socket.write(text) };
}

test('passes on what comes, for each broker', async () => {
  const { network: opened, ports } = await network();
  expect(opened.bootstrapServers).toEqual(ports.map((port) => `127.0.0.1:${port}`));
  for (const port of ports) {
    const { say, heard } = await talk(port, 'a');
    say('hello');
    await expect.poll(heard).toBe('hello');
  }
});

test('a cut holds up one client and not another; healed, everything arrives in order', async () => {
  const { network: opened, ports } = await network();
  const [cut, other] = [await talk(ports[0], 'processor-1'), await talk(ports[0], 'processor-10')];
  const heal = opened.trouble({ client: 'processor-1', delayMs: Number.POSITIVE_INFINITY });
  for (const word of ['one ', 'two ', 'three']) cut.say(word);
  other.say('through');
  await expect.poll(other.heard).toBe('through');
  await sleep(100);
  expect(cut.heard()).toBe('');
  heal();
  await expect.poll(cut.heard).toBe('one two three');
});

test('a cut may be towards one broker', async () => {
  const { network: opened, ports } = await network();
  const [first, second] = [await talk(ports[0], 'a'), await talk(ports[1], 'a')];
  opened.trouble({ client: 'a', brokers: [1], delayMs: Number.POSITIVE_INFINITY });
  first.say('held');
  second.say('through');
  await expect.poll(second.heard).toBe('through');
  expect(first.heard()).toBe('');
});

test('through a cut nobody hears that a connection was closed', async () => {
  const { network: opened, ports } = await network();
  const { socket } = await talk(ports[0], 'a');
  const heal = opened.trouble({ client: 'a', delayMs: Number.POSITIVE_INFINITY });
  let closed = false;
  socket.once('close', () => {
    closed = true;
  });
  socket.end(); // the broker would end its side at once
  await sleep(150);
  expect(closed).toBe(false);
  heal();
  await expect.poll(() => closed).toBe(true);
});

test('packets come late by the delay, each way', async () => {
  const { network: opened, ports } = await network();
  const { say, heard } = await talk(ports[0], 'a');
  opened.trouble({ client: 'a', delayMs: 100 });
  const startMs = performance.now();
  say('late');
  await expect.poll(heard, { interval: 5 }).toBe('late');
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(190);
});

test('a reset ends the connections of one client', async () => {
  const { network: opened, ports } = await network();
  const [one, other] = [await talk(ports[0], 'a'), await talk(ports[0], 'b')];
  let error = '';
  one.socket.on('error', ({ message }) => {
    error = message;
  });
  opened.reset('a');
  await expect.poll(() => error).toContain('ECONNRESET');
  other.say('still here');
  await expect.poll(other.heard).toBe('still here');
});

test('a trouble may be about one topic: connections on which it is named, whoever they belong to', async () => {
  const { network: opened, ports } = await network();
  const [dead, other] = [await talk(ports[0], 'a'), await talk(ports[0], 'a')];
  const heal = opened.trouble({ topic: 'raw.dlq', delayMs: Number.POSITIVE_INFINITY });
  dead.say('write to raw.dlq ');
  other.say('write to raw.out');
  await expect.poll(other.heard).toBe('write to raw.out');
  dead.say('and more');
  await sleep(100);
  expect(dead.heard()).toBe('');
  heal();
  await expect.poll(dead.heard).toBe('write to raw.dlq and more');
});

test('a connection that says whose it is: it is cut by that name, and the broker does not hear it', async () => {
  const { network: opened, ports } = await network();
  const program = `import { connect } from 'node:net';
    const socket = connect({ port: ${ports[0]}, host: '127.0.0.1' }, () => socket.write('hello'));
    socket.on('data', (bytes) => process.stdout.write(bytes)).on('error', () => undefined);`;
  const env = { ...process.env, HFT_FAULTS_CLIENT: 'processor-3', HFT_FAULTS_PROXIES: ports.join(',') };
  const named = new URL('../../../scripts/faults/named.mjs', import.meta.url).href;
  const args = [`--import=${named}`, '--input-type=module', '--eval', program];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  closing.unshift(() => child.kill('SIGKILL'));
  const [first] = await once(child.stdout, 'data');
  expect(String(first)).toBe('hello');

  opened.reset('processor-3');
  await once(child, 'exit');
});

test('what befalls nobody is an error: a scenario would show nothing', async () => {
  const { network: opened, ports } = await network();
  await talk(ports[0], 'processor');
  const text = "'processor-1' has no connection through the proxies";
  expect(() => opened.reset('processor-1')).toThrow(text);
  expect(() => opened.trouble({ client: 'processor-1', delayMs: 1 })).toThrow(text);
});
