import { CommandError } from '../support/command.ts';

/** Of one who handles nothing meanwhile: longer than a group needs to settle, or a broker to come back. */
const stallMs = 120_000;

/** Tells of one who handles no more records: to be asked after each look, with how many it has handled. */
export function stallGuard(who: string, limitMs: number = stallMs): (records: number) => void {
  let last = -1;
  let sinceMs = performance.now();
  return (records) => {
    const nowMs = performance.now();
    if (records !== last) [last, sinceMs] = [records, nowMs];
    else if (nowMs - sinceMs > limitMs)
      throw new CommandError(`${who} has handled ${records} records and no more for ${limitMs / 1_000} s`);
  };
}
