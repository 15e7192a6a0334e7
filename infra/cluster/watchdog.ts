import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openDriver } from './engines.ts';
import { abandonedMarker } from './layout.ts';

/** Guards brokers against the death of this process. */
export interface Watchdog {
  /** From now on the brokers outlive this process. */
  dismiss(): void;
}

/**
 * Starts a process that kills the given brokers when this one ends without having dismissed it, however it ends:
 * the system closes the pipe between them even on `kill -9`. A temporary directory is deleted then.
 */
export function guard(dir: string, ids: readonly number[], temporary: boolean): Watchdog {
  return startGuard(fileURLToPath(import.meta.url), [dir, temporary ? 'temporary' : 'kept', ...ids.map(String)]);
}

/** Starts a program that waits with `bereaved` for the death of this process. */
export function startGuard(program: string, args: readonly string[]): Watchdog {
  // Of its own session: Ctrl-C in a terminal goes to the whole foreground group, and must not end the guard first.
  const child = spawn(process.execPath, [program, ...args], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  child.unref();
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  return { dismiss: () => child.stdin.end('dismissed') };
}

/** In a guard: whether the process that started it has ended without having dismissed it. Resolves when either is so. */
export async function bereaved(): Promise<boolean> {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
  let heard = '';
  for await (const chunk of process.stdin) heard += String(chunk);
  return heard !== 'dismissed';
}

async function watch(dir: string, ids: readonly number[], temporary: boolean): Promise<void> {
  if (!(await bereaved())) return;
  writeFileSync(abandonedMarker(dir), '');
  await openDriver(dir)?.kill(ids);
  if (temporary) rmSync(dir, { recursive: true, force: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [dir = '', kind, ...ids] = process.argv.slice(2);
  await watch(dir, ids.map(Number), kind === 'temporary');
}
