import { spawn, spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { processInfo } from '../../infra/cluster/process-info.ts';

/** Ends the instances when this process dies, however it dies: the system closes the pipe even on `kill -9`. */
export interface Guard {
  watch(pid: number): void;
  /** The process has ended: its id may soon be another's. */
  forget(pid: number): void;
  /** Everything has ended in order. */
  dismiss(): void;
}

const self = fileURLToPath(import.meta.url);
const graceMs = 3_000;
/** Leaves the alternate screen, shows the cursor, resets colours. */
export const restoreScreen = '\u001b[?2026l\u001b[?1049l\u001b[?25h\u001b[0m';

/**
 * Starts the guard. `mark` is on the command line of every process it may end. On a terminal it also puts that back in
 * order, should this process die without doing so.
 */
export function startGuard(mark: string, terminal: boolean): Guard {
  // Of its own session: Ctrl-C in a terminal goes to the whole foreground group, and must not end the guard first.
  const child = spawn(process.execPath, [self, mark, terminal ? 'terminal' : ''], {
    detached: true,
    stdio: ['pipe', terminal ? 'inherit' : 'ignore', 'ignore'],
  });
  const { stdin } = child;
  if (stdin === null) throw new Error('The guard has no pipe');
  stdin.on('error', () => undefined);
  child.unref();
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
  return {
    watch: (pid) => void stdin.write(`+${pid}\n`),
    forget: (pid) => void stdin.write(`-${pid}\n`),
    dismiss: () => void stdin.end('done\n'),
  };
}

async function guard(mark: string, terminal: boolean): Promise<void> {
  let heard = '';
  for await (const chunk of process.stdin) heard += String(chunk);
  const lines = heard.split('\n');
  if (lines.includes('done')) return;
  if (terminal) {
    process.stdout.write(restoreScreen);
    spawnSync('stty', ['sane'], { stdio: [1, 'ignore', 'ignore'] });
  }
  const watched = new Set<number>();
  for (const line of lines) {
    const pid = Number(line.slice(1));
    if (line.startsWith('+')) watched.add(pid);
    else watched.delete(pid);
  }
  const alive = (): number[] => [...watched].filter((pid) => processInfo(pid)?.command.includes(mark));
  // One that a CPU limit holds would hear of the rest only when it goes on.
  signal(alive(), 'SIGCONT');
  signal(alive(), 'SIGTERM');
  const until = Date.now() + graceMs;
  while (alive().length > 0 && Date.now() < until) await sleep(50);
  signal(alive(), 'SIGKILL');
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It ended in between.
    }
  }
}

if (process.argv[1] === self) {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
  const [mark = '', terminal] = process.argv.slice(2);
  await guard(mark, terminal === 'terminal');
}
