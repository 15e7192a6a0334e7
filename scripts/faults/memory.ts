import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** The most memory that a process had resident, its children's added; 0 when it is gone. Without /proc: what it has now. */
export function residentBytes(pid: number): number {
  if (!existsSync('/proc/self/status')) {
    const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
    return (Number(stdout) || 0) * 1_024;
  }
  try {
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return children.reduce((sum, child) => sum + residentBytes(Number(child)), Number(peak) * 1_024);
  } catch {
    return 0;
  }
}
