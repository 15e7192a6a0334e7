import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type HealthSource, serveHealth } from '../../../functions/hosts/container/health.ts';
import { createRecordingLogger } from '../../support/fakes.ts';

const host = '127.0.0.1';
const opened: Server[] = [];

afterEach(async () => {
  for (const server of opened.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

const well: HealthSource = {
  live: () => true,
  ready: () => true,
  degraded: () => [],
  waitsForDownstream: () => false,
  resources: () => undefined,
  metrics: () => 'hft_up 1\n',
};

async function serve(source: Partial<HealthSource> = {}, port = 0) {
  const log = createRecordingLogger();
  const server = await serveHealth(host, port, { ...well, ...source }, log);
  opened.push(server);
  return { lines: log.lines, actual: portOf(server), ask };

  async function ask(path: string, method = 'GET') {
    const response = await fetch(`http://${host}:${portOf(server)}${path}`, { method });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port; // it listens on a port, not on a pipe
}

describe('health', () => {
  test('/ready shows how the resources are, which changes no status', async () => {
    const health = { database: { writable: false, servers: [] } };
    const { ask } = await serve({ resources: () => health });
    expect(JSON.parse((await ask('/ready')).text)).toMatchObject({ status: 'ok', resources: health });
  });

  test.each(['/live', '/ready', '/live?probe=1'])('%s of a well instance is 200, ok', async (path) => {
    const { ask } = await serve();
    const { status, headers, text } = await ask(path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(JSON.parse(text)).toEqual({ status: 'ok', reasons: [], waitsForDownstream: false });
  });

  test('of a degraded instance is 200, with the reasons: a restart would not help', async () => {
    const { ask } = await serve({ degraded: () => ['topic out cannot be written'], waitsForDownstream: () => true });
    const { status, text } = await ask('/ready');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({
      status: 'degraded',
      reasons: ['topic out cannot be written'],
      waitsForDownstream: true,
    });
  });

  test('tells a partition that stands still from a downstream that is waited for', async () => {
    const { ask } = await serve({ degraded: () => ['partition 3 stands still'] });
    expect(JSON.parse((await ask('/ready')).text)).toMatchObject({ status: 'degraded', waitsForDownstream: false });
  });

  test('tells not ready from not alive', async () => {
    const { ask } = await serve({ ready: () => false });
    expect((await ask('/live')).status).toBe(200);
    const ready = await ask('/ready');
    expect(ready.status).toBe(503);
    expect(JSON.parse(ready.text)).toEqual({ status: 'unavailable', reasons: [], waitsForDownstream: false });
  });

  test('serves the metrics in the format that Prometheus expects', async () => {
    const { ask } = await serve();
    const { headers, text } = await ask('/metrics');
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toBe('hft_up 1\n');
  });

  test('answers HEAD without a body', async () => {
    const { ask } = await serve();
    expect(await ask('/metrics', 'HEAD')).toMatchObject({ status: 200, text: '' });
  });

  test('knows no other path, and changes nothing', async () => {
    const { ask } = await serve();
    const other = await ask('/');
    expect(other.status).toBe(404);
    expect(other.text).toContain('/live, /ready and /metrics');
    const post = await ask('/live', 'POST');
    expect(post.status).toBe(405);
    expect(post.headers.get('allow')).toBe('GET, HEAD');
  });

  test('names where it listens', async () => {
    const { lines, actual } = await serve();
    expect(lines).toEqual([
      {
        level: 'info',
        fields: { host, port: actual },
        message: `Health and metrics on http://${host}:${actual}: /live /ready /metrics`,
      },
    ]);
  });

  test('takes any free port when its own is taken, with a warning', async () => {
    const other = createServer();
    opened.push(other);
    await new Promise<void>((resolve) => other.listen(0, host, resolve));
    const taken = portOf(other);

    const { lines, actual, ask } = await serve({}, taken);

    expect(actual).not.toBe(taken);
    expect((await ask('/live')).status).toBe(200);
    expect(lines[0]).toMatchObject({
      level: 'warn',
      message: `Port ${taken} for health and metrics is taken: any free port is used instead`,
    });
  });

  test('of an address that is not here is an error, not another port', async () => {
    // An address of the documentation, which no machine has (RFC 5737).
    const log = createRecordingLogger();
    await expect(serveHealth('192.0.2.1', 0, well, log)).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
    expect(log.lines).toEqual([]);
  });
});
