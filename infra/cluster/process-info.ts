import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** What the system says about a process. */
export interface ProcessInfo {
  /** Stopped by SIGSTOP. */
  readonly paused: boolean;
  /** Its whole command line. */
  readonly command: string;
}

/** A live process by its id; undefined when there is none, or only a dead one that nobody has waited for. */
export function processInfo(pid: number): ProcessInfo | undefined {
  return existsSync('/proc/self/stat') ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid: number): ProcessInfo | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may itself hold spaces and parentheses: the state follows the last one.
    const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
    if (state === 'Z' || state === 'X') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trimEnd();
    return { paused: state === 'T' || state === 't', command };
  } catch {
    return undefined;
  }
}

function fromPs(pid: number): ProcessInfo | undefined {
  const line = spawnSync('ps', ['-ww', '-o', 'state=,command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
  const match = /^\s*(\S+)\s+(.*)$/m.exec(line);
  if (!match?.[1] || match[1].startsWith('Z')) return undefined;
  return { paused: match[1].startsWith('T'), command: match[2] ?? '' };
}
