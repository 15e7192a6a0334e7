import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Stats } from './stats.ts';

/** Tells what happens as an instance of the container does: log lines of JSON, and a page of metrics. */
export interface InstanceLog {
  line(level: 'info' | 'warn', message: string, fields?: object): void;
  /** Serves the metrics on a free loopback port, and says where. */
  serve(stats: () => Stats | undefined): Promise<void>;
  close(): void;
}

const levels = { info: 30, warn: 40 } as const;

export function createInstanceLog(functionName: string): InstanceLog {
  let close = (): void => undefined;

  function line(level: 'info' | 'warn', message: string, fields: object = {}): void {
    const entry = {
      level: levels[level],
      time: new Date().toISOString(),
      function: functionName,
      ...fields,
      msg: message,
    };
    process.stdout.write(`${JSON.stringify(entry)}\n`);
  }

  return {
    line,
    async serve(stats) {
      const server = createServer((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
        response.end(exposition(functionName, stats()));
      });
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(0, '127.0.0.1', resolve);
      });
      const { port } = server.address() as AddressInfo;
      close = () => {
        server.close();
        server.closeAllConnections();
      };
      line('info', `Health and metrics on http://127.0.0.1:${port}`, { host: '127.0.0.1', port });
    },
    close: () => close(),
  };
}

/** The function counts its own outputs: seen from here, a record that is done is in and out. */
function exposition(functionName: string, stats: Stats | undefined): string {
  const labels = `{function="${functionName}"}`;
  const { rss } = process.memoryUsage();
  return [
    `hft_records_in_total${labels} ${stats?.records ?? 0}`,
    `hft_records_out_total${labels} ${stats?.records ?? 0}`,
    `hft_retries_total${labels} ${stats?.retries ?? 0}`,
    `hft_cpu_seconds_total${labels} ${stats?.cpuSeconds ?? 0}`,
    `hft_resident_memory_bytes${labels} ${rss}`,
    '',
  ].join('\n');
}
