import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';
import type { BenchConditions } from './report.ts';

/** Of the records that `--out` writes: another number when what is in them changes. */
export const recordForm = 2;

/** When and on what a run is, and of which bundle: figures without it cannot be compared. */
export function conditionsNow(bundle: string): BenchConditions {
  return {
    form: recordForm,
    at: new Date().toISOString(),
    machine: `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${platform()} ${arch()}`,
    node: process.version,
    ...(existsSync(bundle) ? { bundle: createHash('sha256').update(readFileSync(bundle)).digest('hex') } : {}),
  };
}
