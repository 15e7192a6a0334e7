import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Snapshot } from './snapshot.ts';

/** The same state as in the terminal, for a browser on this machine. */
export interface Page {
  readonly url: string;
  close(): Promise<void>;
}

const intervalMs = 1_000;
const headers = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};

/** Serves `/` (the page), `/events` (a snapshot a second) and `/state.json` (one) on a free loopback port. To look only. */
export async function openPage(snapshot: () => Snapshot): Promise<Page> {
  const html = readFileSync(new URL('page.html', import.meta.url));
  const watchers = new Set<ServerResponse>();
  const event = (): string => `data: ${JSON.stringify(snapshot())}\n\n`;

  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    const answer = (status: number, type: string, body: string | Buffer): void =>
      void response.writeHead(status, { ...headers, 'content-type': type }).end(body);
    // A name that some other site points at this address is not ours.
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? '')) answer(403, 'text/plain', 'Forbidden\n');
    else if (request.method !== 'GET') answer(405, 'text/plain', 'Only GET\n');
    else if (path === '/') answer(200, 'text/html; charset=utf-8', html);
    else if (path === '/state.json') answer(200, 'application/json', JSON.stringify(snapshot()));
    else if (path === '/events') {
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream' });
      response.write(event());
      watchers.add(response);
      response.on('close', () => watchers.delete(response));
    } else answer(404, 'text/plain', 'Here are /, /events and /state.json.\n');
  });

  const timer = setInterval(() => {
    if (watchers.size === 0) return;
    const text = event();
    for (const watcher of watchers) watcher.write(text);
  }, intervalMs);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      clearInterval(timer);
      server.close();
      server.closeAllConnections();
    },
  };
}
