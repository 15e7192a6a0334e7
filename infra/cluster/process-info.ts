import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** What the system says about a process. */
export interface ProcessInfo {
  /** Stopped by SIGSTOP. */
  readonly paused: boolean;
  /**
   * Its command line is gone: it is on its way out, while its files and ports may still be held, or it is just becoming
   * another program.
   */
  readonly exiting: boolean;
  /** Its whole command line. */
  readonly command: string;
}

/** A live process by its id; undefined when there is none, or only a dead one that nobody has waited for. */
export function processInfo(pid: number): ProcessInfo | undefined {
  return existsSync('/proc/self/stat') ? fromProc(pid) : fromPs(pid);
}

const flagExiting = 0x4;
const flagKernel = 0x200000;

function fromProc(pid: number): ProcessInfo | undefined {
  try {
    // In this order: an empty command line is then followed by the state that explains it.
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trimEnd();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const { paused, exiting } = parseStat(stat);
    return { command, paused, exiting: exiting || (command === '' && !isOfKernel(stat)) };
  } catch {
    return undefined;
  }
}

/** Reads `/proc/<pid>/stat`. It throws when the process is dead. */
export function parseStat(stat: string): Pick<ProcessInfo, 'paused' | 'exiting'> {
  const fields = fieldsOf(stat);
  const [state = 'X', flags, threads] = [fields[0], Number(fields[6]), Number(fields[17])];
  // The first thread of a process that is killed is often a zombie while others still hold its files.
  if (state === 'X' || (state === 'Z' && threads <= 1)) throw new Error('the process is dead');
  return { paused: state === 'T' || state === 't', exiting: state === 'Z' || (flags & flagExiting) !== 0 };
}

/** A thread of the kernel never has a command line. It may have the id that a process of ours once had. */
function isOfKernel(stat: string): boolean {
  return (Number(fieldsOf(stat)[6]) & flagKernel) !== 0;
}

/** Sends a signal; nothing when the process has ended. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** The fields of `/proc/<pid>/stat` from the state on. The name in parentheses may itself hold spaces and parentheses: the fields follow the last one. */
export function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function fromPs(pid: number): ProcessInfo | undefined {
  const line = spawnSync('ps', ['-ww', '-o', 'state=,command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
  const match = /^\s*(\S+)\s+(.*)$/m.exec(line);
  if (!match?.[1] || match[1].startsWith('Z')) return undefined;
  return { paused: match[1].startsWith('T'), exiting: match[1].includes('E'), command: match[2] ?? '' };
}
