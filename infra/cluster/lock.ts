import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    const holder = Number(readFileSync(path, 'utf8'));
    if (holder !== process.pid && !processInfo(holder)) {
      // It was killed before it could let go.
      rmSync(path, { force: true });
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return;
    }
    throw new CommandError(`process ${holder} is starting or stopping what is here: wait for it, or delete ${path}`);
  }
}
