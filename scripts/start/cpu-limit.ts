import { readFileSync } from 'node:fs';

/**
 * Holds processes to a share of a core, as the CPU limit of a container does: who has used up its time stands still
 * until it has some again.
 */
export interface CpuLimit {
  hold(pid: number): void;
  /** Lets it run freely again: it leaves, or has ended. */
  release(pid: number): void;
  close(): void;
}

/** What the limit works with, for tests. */
export interface CpuLimitSystem {
  /** All CPU time that a process has used, in ms; undefined when it is gone. */
  readonly cpuMs: (pid: number) => number | undefined;
  readonly signal: (pid: number, name: 'SIGSTOP' | 'SIGCONT') => void;
  readonly now: () => number;
}

interface Held {
  budgetMs: number;
  cpuMs: number;
  atMs: number;
  stopped: boolean;
}

const tickMs = 10;
/** What may be saved up while idle. */
const mostSavedMs = 20;
/** Of the clock in /proc: 100 a second on every Linux that Node runs on. */
const msPerClockTick = 10;

/** `share` of one core for each. The time is looked at every 10 ms, and what was used beyond it is paid back. */
export function createCpuLimit(share: number, system: CpuLimitSystem = linux): CpuLimit {
  const held = new Map<number, Held>();

  function look(): void {
    const now = system.now();
    for (const [pid, one] of held) {
      const cpuMs = system.cpuMs(pid);
      if (cpuMs === undefined) {
        held.delete(pid);
        continue;
      }
      one.budgetMs = Math.min(mostSavedMs, one.budgetMs + share * (now - one.atMs) - (cpuMs - one.cpuMs));
      one.cpuMs = cpuMs;
      one.atMs = now;
      const stop = one.budgetMs < 0;
      if (stop !== one.stopped) system.signal(pid, stop ? 'SIGSTOP' : 'SIGCONT');
      one.stopped = stop;
    }
  }

  function release(pid: number): void {
    if (held.get(pid)?.stopped) system.signal(pid, 'SIGCONT');
    held.delete(pid);
  }

  const timer = setInterval(look, tickMs);
  return {
    hold(pid) {
      const cpuMs = system.cpuMs(pid);
      if (held.has(pid) || cpuMs === undefined) return;
      held.set(pid, { budgetMs: mostSavedMs, cpuMs, atMs: system.now(), stopped: false });
    },
    release,
    close() {
      clearInterval(timer);
      for (const pid of [...held.keys()]) release(pid);
    },
  };
}

const linux: CpuLimitSystem = {
  cpuMs(pid) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name in parentheses may hold anything; user and system time are the 12th and 13th fields after it.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) * msPerClockTick;
    } catch {
      return undefined;
    }
  },
  signal(pid, name) {
    try {
      process.kill(pid, name);
    } catch {
      // It ended in between.
    }
  },
  now: () => performance.now(),
};
