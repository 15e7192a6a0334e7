import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../../runtime/contract.ts';

/** What an orchestrator may ask. `degraded` is healthy: the instance waits for something that a restart cannot mend. */
export interface HealthSource {
  live(): boolean;
  ready(): boolean;
  degraded(): readonly string[];
  /** Whether it waits for what is downstream, which more instances would only burden: not every reason is of that kind. */
  waitsForDownstream(): boolean;
  /** How the function's own resources are; `undefined` when it does not tell. */
  resources(): object | undefined;
  metrics(): string;
}

/** Serves /live, /ready and /metrics on a private port. When the port is taken: a warning, and any free one. */
export async function serveHealth(host: string, port: number, source: HealthSource, log: Logger): Promise<Server> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else if (path === '/metrics') {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(source.metrics());
    } else if (path === '/live' || path === '/ready') {
      const good = path === '/live' ? source.live() : source.ready();
      const reasons = source.degraded();
      const status = good ? (reasons.length > 0 ? 'degraded' : 'ok') : 'unavailable';
      response.writeHead(good ? 200 : 503, { 'content-type': 'application/json' });
      const waitsForDownstream = source.waitsForDownstream();
      response.end(`${JSON.stringify({ status, reasons, waitsForDownstream, resources: source.resources() })}\n`);
    } else {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Here are /live, /ready and /metrics.\n');
    }
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 5_000;
  server.maxConnections = 64;
  await listen(server, host, port).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    log.warn({ port }, `Port ${port} for health and metrics is taken: any free port is used instead`);
    await listen(server, host, 0);
  });
  const actual = (server.address() as AddressInfo).port;
  log.info({ host, port: actual }, `Health and metrics on http://${host}:${actual}: /live /ready /metrics`);
  server.unref();
  return server;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
