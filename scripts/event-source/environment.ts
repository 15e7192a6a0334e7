import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { basename, dirname, extname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { findRuntimeClient, type RuntimeClient } from './client.ts';
import { spawnMortal } from './mortal.ts';
import { processCpuSeconds } from './process-cpu.ts';
import { type FunctionError, type RuntimeApi, serveRuntimeApi } from './runtime-api.ts';

export interface EnvironmentOptions {
  /** The file that has the handler. */
  readonly bundle: string;
  /** The export to call. */
  readonly exportName: string;
  /** The function's settings. The process gets nothing else of ours but PATH. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How long an invocation may take before the environment is killed. */
  readonly timeoutMs: number;
  /** How long it may take until it asks for work (default 10 s, as in Lambda; more when the machine is slow). */
  readonly initTimeoutMs?: number;
  readonly memoryMb?: number;
  readonly client?: RuntimeClient;
  /** Each line that the function writes, on standard output and error. */
  readonly onLog?: (line: string) => void;
}

/** How an invocation ended. Only a `response` is a success, whatever it says. */
export type InvokeResult =
  | { readonly kind: 'response'; readonly payload: string; readonly durationMs: number }
  | { readonly kind: 'error' | 'timeout' | 'crash'; readonly error: FunctionError; readonly durationMs: number };

/** A function's execution environment: one process, one invocation at a time. */
export interface Environment {
  readonly pid: number;
  readonly initMs: number;
  /** False once the process has ended: a timeout or a crash ends it for good. */
  readonly alive: boolean;
  /** Calls the function with an event, an object or its JSON. Never throws. */
  invoke(event: object | string): Promise<InvokeResult>;
  /** Stops the process between invocations, as Lambda does; `thaw`, or the next invocation, lets it go on. */
  freeze(): void;
  thaw(): void;
  /** CPU time so far, in seconds. */
  cpuSeconds(): number;
  close(): Promise<void>;
}

/** The function failed before its first event: the message is its own. */
export class InitError extends Error {}

const region = 'us-east-1';
const defaultMemoryMb = 512;
const defaultInitTimeoutMs = 10_000;

/** The name of a function in ARNs; nothing of AWS is behind it. */
export function functionArn(name: string): string {
  return `arn:aws:lambda:${region}:000000000000:function:${name}`;
}

/** Starts an environment and waits for its initialisation. Throws InitError with what the function said. */
export async function createEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const { timeoutMs, exportName, initTimeoutMs = defaultInitTimeoutMs } = options;
  const startedAt = performance.now();
  let requestId: string | undefined;
  let result: InvokeResult | undefined;
  let invokedAt = 0;
  let settle: (() => void) | undefined;
  let ended: string | undefined;
  let initError: FunctionError | undefined;
  let frozen = false;
  let cpu = 0;
  const lastLines: string[] = [];

  const took = (): number => performance.now() - invokedAt;
  const api = await serveRuntimeApi({
    next: () => settle?.(),
    answered(id, payload) {
      if (id === requestId) result ??= { kind: 'response', payload, durationMs: took() };
    },
    failed(id, error) {
      if (id === requestId) result ??= { kind: 'error', error, durationMs: took() };
    },
    initFailed(error) {
      initError = error;
    },
  });
  const child = start(options, api, (line) => {
    lastLines.push(line);
    if (lastLines.length > 20) lastLines.shift();
    options.onLog?.(line);
  });
  const pid = child.pid ?? 0;
  // After `close`, not `exit`: what it wrote last has been read then.
  const exited = new Promise<void>((resolve) => {
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) => end(signal === null ? `exit status ${code}` : `signal ${signal}`));
    function end(reason: string): void {
      ended ??= reason;
      api.close();
      settle?.();
      resolve();
    }
  });

  /** Resolves when the client asks for work, when the process has ended, or, with false, at the time given. */
  function settled(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms, false);
      settle = () => {
        settle = undefined;
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  function kill(): Promise<void> {
    cpu = processCpuSeconds(pid) ?? cpu;
    child.kill('SIGKILL');
    return exited;
  }

  const ready = await settled(initTimeoutMs);
  if (!ready || ended !== undefined) {
    await kill();
    const said = initError ? `${initError.errorType}: ${initError.errorMessage}` : lastLines.join('\n');
    const reason = ready ? `ended with ${ended}` : `asked for no work within ${initTimeoutMs / 1_000} s`;
    throw new InitError(said === '' ? `the function ${reason} while it initialised` : said);
  }
  const initMs = performance.now() - startedAt;

  function failure(kind: 'timeout' | 'crash'): InvokeResult {
    const seconds = (timeoutMs / 1_000).toFixed(2);
    const [errorType, what] =
      kind === 'timeout'
        ? ['Sandbox.Timedout', `Task timed out after ${seconds} seconds`]
        : ['Runtime.ExitError', `Runtime exited with error: ${ended}`];
    const error = { errorType, errorMessage: `RequestId: ${requestId} Error: ${what}`, stackTrace: [] };
    return { kind, error, durationMs: took() };
  }

  function signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    if (ended !== undefined || frozen === (name === 'SIGSTOP')) return;
    frozen = name === 'SIGSTOP';
    child.kill(name);
  }

  return {
    pid,
    initMs,
    get alive() {
      return ended === undefined;
    },
    async invoke(event) {
      if (requestId !== undefined) throw new Error('An environment takes one invocation at a time');
      const body = typeof event === 'string' ? event : JSON.stringify(event);
      requestId = randomUUID();
      invokedAt = performance.now();
      result = undefined;
      if (ended === undefined) {
        signal('SIGCONT');
        const next = settled(timeoutMs);
        const deadlineMs = Date.now() + timeoutMs;
        api.offer({ requestId, body, deadlineMs, functionArn: functionArn(exportName) });
        if (!(await next)) {
          // An answer that is there counts, even if the client hangs after it.
          result ??= failure('timeout');
          await kill();
        }
      }
      const outcome: InvokeResult = result ?? failure('crash');
      requestId = undefined;
      cpu = processCpuSeconds(pid) ?? cpu;
      return outcome;
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    cpuSeconds() {
      cpu = (ended === undefined ? processCpuSeconds(pid) : undefined) ?? cpu;
      return cpu;
    },
    // Lambda gives a function without extensions no warning either.
    close: kill,
  };
}

function start(options: EnvironmentOptions, api: RuntimeApi, onLine: (line: string) => void): ChildProcess {
  const { bundle, exportName, memoryMb = defaultMemoryMb, client = findRuntimeClient() } = options;
  const path = resolve(bundle);
  const taskRoot = dirname(path);
  // As Lambda's own bootstrap divides the memory.
  const heap = [
    `--max-old-space-size=${Math.floor(memoryMb * 0.9)}`,
    `--max-semi-space-size=${Math.floor(memoryMb / 20)}`,
  ];
  const handler = `${basename(path, extname(path))}.${exportName}`;
  const child = spawnMortal([process.execPath, ...heap, client.program, handler], {
    cwd: taskRoot,
    env: {
      PATH: process.env.PATH,
      ...options.env,
      ...{ LANG: 'en_US.UTF-8', TZ: ':UTC', LAMBDA_TASK_ROOT: taskRoot, _HANDLER: handler },
      ...{ AWS_REGION: region, AWS_DEFAULT_REGION: region, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
      AWS_LAMBDA_RUNTIME_API: api.address,
      AWS_LAMBDA_FUNCTION_NAME: exportName,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${exportName}`,
      AWS_LAMBDA_LOG_STREAM_NAME: `local/[$LATEST]${randomUUID().replaceAll('-', '')}`,
      AWS_LAMBDA_LOG_FORMAT: 'Text',
    },
  });
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', onLine);
  return child;
}
