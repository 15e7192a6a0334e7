import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

/** One line of an instance's log: an object of JSON. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface InstanceOptions {
  /** The bundle's path. */
  readonly bundle: string;
  /** What follows the bundle on the command line (default: `processor`). */
  readonly args?: readonly string[];
  /** The whole environment, but for `PATH`. */
  readonly env: Readonly<Record<string, string>>;
  /** Called with what ends it. Tests that run at the same time as others give their own `onTestFinished`. */
  readonly onTestFinished?: ((end: EndOfTest) => void) | undefined;
}

/** Ends an instance, and shows the end of its log when the test failed. */
export type EndOfTest = (context: { readonly task: { readonly result?: { readonly state: string } } }) => Promise<void>;

/** How a process ended: by itself or by a signal, and how long after it was told to. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of a bundle. It does not outlive the test that starts it. */
export interface Instance {
  readonly lines: readonly LogLine[];
  /** What it wrote to standard error, and whatever else is no log line. */
  readonly stderr: string;
  readonly exited: Promise<Exit>;
  /** The partitions of the last assignment, if there was one. */
  readonly assigned: readonly number[] | undefined;
  /** The first line that has this text, from the `from`th line on: now, or once it is written. */
  line(text: string, options?: { readonly from?: number; readonly timeoutMs?: number }): Promise<LogLine>;
  /** Asks its health server, once that is up. */
  get(path: '/live' | '/ready' | '/metrics' | string, init?: RequestInit): Promise<Response>;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<Exit>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<Exit>;
  /** Any other signal, and waits for nothing. */
  send(signal: NodeJS.Signals): void;
}

const defaultTimeoutMs = 40_000;
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a bundle as users do, `node <bundle> processor`, and reads its log. */
export function startInstance(options: InstanceOptions): Instance {
  const { bundle, args = ['processor'], env } = options;
  const child = spawn(process.execPath, [bundle, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const lines: LogLine[] = [];
  let stderr = '';
  let exit: Exit | undefined;
  let wake = Promise.withResolvers<void>();

  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = parseLine(text);
    if (line) lines.push(line);
    else stderr += `${text}\n`;
    wake.resolve();
    wake = Promise.withResolvers();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child);
      exit = { code, signal };
      wake.resolve();
      resolve(exit);
    });
  });

  async function line(
    text: string,
    { from = 0, timeoutMs = defaultTimeoutMs }: { from?: number; timeoutMs?: number } = {},
  ): Promise<LogLine> {
    const late = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const found = lines.slice(from).find(({ msg }) => msg.includes(text));
      if (found) return found;
      if (exit || late.aborted) {
        const why = exit ? `ended (code ${exit.code}, signal ${exit.signal})` : `ran for ${timeoutMs} ms`;
        throw new Error(`An instance ${why} without logging '${text}':\n${tail(lines)}\n${stderr}`);
      }
      await Promise.race([wake.promise, sleep(200)]);
    }
  }

  async function end(signal: NodeJS.Signals): Promise<Exit> {
    child.kill(signal);
    return exited;
  }

  const instance: Instance = {
    lines,
    get stderr() {
      return stderr;
    },
    exited,
    get assigned() {
      const last = lines.findLast(({ msg }) => msg.startsWith('Assigned partitions: '));
      return Array.isArray(last?.partitions) ? last.partitions.map(Number) : undefined;
    },
    line,
    async get(path, init) {
      const { host, port } = await line('Health and metrics on http://');
      return fetch(`http://${host}:${port}${path}`, init);
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    send: (signal) => void child.kill(signal),
  };
  (options.onTestFinished ?? onTestFinished)(async ({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(`${tail(lines)}\n${stderr}\n`);
    await instance.kill();
  });
  return instance;
}

function parseLine(text: string): LogLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    const isLine = typeof line === 'object' && line !== null && 'msg' in line && typeof line.msg === 'string';
    return isLine ? (line as LogLine) : undefined; // pino writes the level as well
  } catch {
    return undefined;
  }
}

function tail(lines: readonly LogLine[]): string {
  return lines
    .slice(-25)
    .map((line) => JSON.stringify(line))
    .join('\n');
}
