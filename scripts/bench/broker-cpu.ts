import { readdirSync, readFileSync } from 'node:fs';
import { fieldsOf } from '../../infra/cluster/process-info.ts';

const ticksPerSecond = 100;

/** CPU seconds of all brokers so far. They are told by the directory of their cluster on the command line (Linux). */
export function brokerCpuSeconds(dir: string): number {
  let ticks = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (!readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(dir)) continue;
      const fields = fieldsOf(readFileSync(`/proc/${name}/stat`, 'utf8'));
      ticks += Number(fields[11]) + Number(fields[12]); // utime and stime
    } catch {
      // It has ended in between.
    }
  }
  return ticks / ticksPerSecond;
}
