import { readFileSync } from 'node:fs';
import { UsageError } from '../support/command.ts';
import { recordForm } from './conditions.ts';
import type { BenchConditions, BenchResult } from './report.ts';

/** A record that is gone on with; what was measured under other conditions does not go into it. */
export function begunRecord(path: string, now: BenchConditions): BenchResult {
  const record = readRecord(path);
  for (const what of ['bundle', 'node', 'machine'] as const) {
    const [then, today] = [record.conditions?.[what], now[what]];
    if (then !== today) throw new UsageError(`--resume: ${path} is of ${what} ${then}, this would be of ${today}`);
  }
  return record;
}

/** What `--out` wrote; of another form it is refused. */
export function readRecord(path: string): BenchResult {
  let record: BenchResult | null;
  try {
    record = JSON.parse(readFileSync(path, 'utf8')) as BenchResult | null;
  } catch (error) {
    throw new UsageError(`${path} is no file that --out wrote, it cannot be read (${(error as Error).message})`);
  }
  const form = record?.conditions?.form;
  if (record === null || form !== recordForm)
    throw new UsageError(
      `${path} is no file that --out wrote, of form ${recordForm}, but of ${form === undefined ? 'none, or older' : `form ${form}`}. ` +
        'Measure anew, or read it with the version that wrote it',
    );
  return record;
}
