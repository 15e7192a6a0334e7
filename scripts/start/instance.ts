import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import type { CpuLimit } from './cpu-limit.ts';
import { readExposition } from './exposition.ts';
import { createGaugeBook, type GaugeBook } from './gauges.ts';
import type { Guard } from './guard.ts';
import { type LogFact, readLogLine } from './log-lines.ts';
import { tailLog } from './log-tail.ts';

/** Where an instance is in its life. */
export type InstanceState = 'starting' | 'joining' | 'active' | 'degraded' | 'leaving' | 'left' | 'killed' | 'crashed';

/** One process of the processor. */
export interface Instance {
  readonly id: number;
  readonly pid: number;
  readonly state: InstanceState;
  readonly gauges: GaugeBook;
  readonly logPath: string;
  /** The last lines that were no log lines: why it crashed. */
  readonly lastWords: readonly string[];
  /** From its start until it had its first partitions, in ms. */
  readonly joinedAfterMs: number | undefined;
  /** From SIGTERM until it had ended. */
  readonly leftAfterMs: number | undefined;
  /** When it ended. */
  readonly endedAtMs: number | undefined;
  readonly exited: Promise<void>;
  /** Reads its metrics; a failure is no news, the process tells of its end itself. */
  scrape(): Promise<void>;
  /** Whether it says that it waits for something downstream; undefined when it says nothing. */
  waitsForDownstream(): Promise<boolean | undefined>;
  /** SIGTERM, and SIGKILL when it has not ended by the deadline. */
  stop(deadlineMs: number): Promise<void>;
  /** SIGKILL, as when its machine is gone. */
  kill(): void;
}

export interface InstanceOptions {
  readonly id: number;
  /** What Node runs: a program and its arguments. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logPath: string;
  readonly guard: Guard;
  /** Holds it while it works: not while it starts or leaves. */
  readonly cpuLimit?: CpuLimit | undefined;
  readonly onFact: (fact: LogFact) => void;
  readonly onExit: (state: InstanceState) => void;
}

const scrapeTimeoutMs = 900;

/** Starts an instance. Its output goes straight to its log file, which is followed for what it says. */
export function startInstance(options: InstanceOptions): Instance {
  const { id, args, env, logPath, guard, cpuLimit, onFact, onExit } = options;
  rmSync(logPath, { force: true });
  const log = openSync(logPath, 'ax+');
  const gauges = createGaugeBook();
  const lastWords: string[] = [];
  const exited = Promise.withResolvers<void>();
  let state: InstanceState = 'starting';
  let port = 0;
  let endedAtMs: number | undefined;
  let joinedAfterMs: number | undefined;
  let stoppedAtMs: number | undefined;
  const startedAtMs = Date.now();

  // Of its own session: Ctrl-C in the terminal is for us, who stop the instances in order.
  const child = spawn(process.execPath, [...args], { detached: true, env, stdio: ['ignore', log, log] });
  const pid = child.pid ?? 0;
  if (pid > 0) guard.watch(pid);
  const tail = tailLog(log, (line) => {
    const fact = readLogLine(line);
    if (fact === undefined) return;
    if (fact.kind === 'text') lastWords.splice(0, Math.max(0, lastWords.length - 4), fact.text);
    if (fact.kind === 'text') lastWords.push(fact.text);
    if (fact.kind === 'listening') port = fact.port;
    if (fact.kind === 'listening') state = 'joining';
    if (fact.kind === 'assigned' && state !== 'leaving') state = 'active';
    if (fact.kind === 'released' && state !== 'leaving') state = 'joining';
    if (fact.kind === 'leaving') state = 'leaving';
    if (fact.kind === 'assigned' && state === 'active') cpuLimit?.hold(pid);
    if (fact.kind === 'assigned') joinedAfterMs ??= fact.atMs - startedAtMs;
    if (fact.kind === 'leaving') cpuLimit?.release(pid);
    onFact(fact);
  });

  function end(code: number | null, signal: NodeJS.Signals | null): void {
    if (endedAtMs !== undefined) return;
    endedAtMs = Date.now();
    guard.forget(pid);
    cpuLimit?.release(pid);
    tail.end();
    closeSync(log);
    state = code === 0 ? 'left' : signal === 'SIGKILL' ? 'killed' : 'crashed';
    onExit(state);
    exited.resolve();
  }
  child.once('exit', end);
  child.once('error', (error) => {
    lastWords.push(error.message);
    end(null, null);
  });

  return {
    id,
    pid,
    gauges,
    logPath,
    lastWords,
    exited: exited.promise,
    get state() {
      return state;
    },
    get joinedAfterMs() {
      return joinedAfterMs;
    },
    get leftAfterMs() {
      return endedAtMs !== undefined && stoppedAtMs !== undefined ? endedAtMs - stoppedAtMs : undefined;
    },
    get endedAtMs() {
      return endedAtMs;
    },
    async scrape() {
      if (port === 0 || endedAtMs !== undefined) return;
      try {
        const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
          signal: AbortSignal.timeout(scrapeTimeoutMs),
        });
        const metrics = readExposition(await response.text());
        gauges.add(performance.now(), metrics);
        if (state === 'active' && metrics.lanesWaiting > 0) state = 'degraded';
        else if (state === 'degraded' && metrics.lanesWaiting === 0) state = 'active';
      } catch {
        // Busy, or gone.
      }
    },
    async waitsForDownstream() {
      if (port === 0 || endedAtMs !== undefined) return undefined;
      try {
        const response = await fetch(`http://127.0.0.1:${port}/ready`, {
          signal: AbortSignal.timeout(scrapeTimeoutMs),
        });
        return saysItWaits(await response.json());
      } catch {
        return undefined; // busy, or gone, or a mapping, which tells of metrics only
      }
    },
    async stop(deadlineMs) {
      if (endedAtMs !== undefined) return;
      // At once: who picks the next one to stop must not find it among those that stay.
      state = 'leaving';
      stoppedAtMs ??= Date.now();
      cpuLimit?.release(pid);
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
      await exited.promise;
      clearTimeout(force);
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

/** What a body of /ready says of downstream; a partition that stands still is degraded as well, and no such reason. */
export function saysItWaits(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'waitsForDownstream' in body && body.waitsForDownstream === true;
}
