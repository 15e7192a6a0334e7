import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { CommandError } from '../support/command.ts';
import { type BenchedInstance, end, type Sample } from './container.ts';

const tellEveryMs = 100;

/**
 * Ends this process when the one that started it is gone, however it went: the system closes the pipe then. (A container has
 * no such thing: its watchdog ends it, two minutes after its brokers.)
 */
export function endWithParent(): void {
  process.stdin.resume().once('end', () => process.exit(1));
}

/** Of a measured process that has no metrics to be asked for: prints what it says of itself, a line at a time. */
export function keepTelling(of: () => Pick<Sample, 'partitions' | 'recordsOut'>): void {
  const tell = (): void => {
    const { user, system } = process.cpuUsage();
    const { partitions, recordsOut } = of();
    const [cpuSeconds, residentBytes] = [(user + system) / 1e6, process.memoryUsage.rss()];
    const sample: Sample = { partitions, recordsIn: recordsOut, recordsOut, cpuSeconds, residentBytes };
    process.stdout.write(`${JSON.stringify(sample)}\n`);
  };
  tell();
  setInterval(tell, tellEveryMs);
}

/** Starts a script that does; resolves when it has said something. */
export async function startTelling(args: readonly string[]): Promise<BenchedInstance> {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  let last: Sample | undefined;
  lines.on('line', (line) => {
    last = JSON.parse(line) as Sample;
  });
  await Promise.race([once(lines, 'line'), once(child, 'exit')]);
  return {
    async sample() {
      if (last === undefined || child.exitCode !== null)
        throw new CommandError(`${args[0]} ended with code ${child.exitCode} before its time.`);
      return last;
    },
    stop: async () => await end(child, 'SIGKILL'),
  };
}
