import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '../../scripts/support/command.ts';
import { processInfo } from './process-info.ts';

/** Runs a task that changes a cluster's directory while no other process does. A CommandError when one does. */
export async function withLock<T>(dir: string, task: () => Promise<T>): Promise<T> {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'lock');
  take(path);
  try {
    return await task();
  } finally {
    rmSync(path, { force: true });
  }
}

function take(path: string): void {
  // Linked when its text is whole: who reads a lock that was just made must not take it for one that nobody holds.
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    if (linked(own, path)) return;
    const holder = holderOf(path);
    if (holder !== process.pid && !processInfo(holder)) {
      // It was killed before it could let go, or has let go meanwhile.
      rmSync(path, { force: true });
      if (linked(own, path)) return;
    }
    throw new CommandError(`process ${holder} is starting or stopping what is here: wait for it, or delete ${path}`);
  } finally {
    rmSync(own, { force: true });
  }
}

/** Makes the lock, unless there is one. */
function linked(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function holderOf(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return 0;
  }
}
