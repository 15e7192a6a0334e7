import { CommandError } from '../support/command.ts';

/** Records that arrive, second by second. */
export interface Trace {
  readonly name: string;
  /** When it begins, milliseconds since the epoch: a policy's calendar goes by it. */
  readonly startMs: number;
  readonly rates: Float64Array;
}

/** Longer traces are mistakes more often than meant: a week. */
const maxSeconds = 604_800;
const maxRate = 1e9;
const maxProblems = 10;

/**
 * Reads a trace: lines of `seconds,rate`, ascending. A rate holds until the next line; that of the last line for one
 * second. A first line without numbers is a heading; empty lines and those that begin with # are left out.
 * @throws CommandError with each line that is wrong, and its field.
 */
export function parseTrace(name: string, text: string, startMs: number): Trace {
  const problems: string[] = [];
  const points: { readonly second: number; readonly rate: number }[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  lines.forEach((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    const fields = line.split(',').map((field) => field.trim());
    const isHeading =
      points.length === 0 && problems.length === 0 && fields.every((field) => /^[a-z_ ]+$/i.test(field));
    if (isHeading) return;
    const problem = problemOf(fields, points.at(-1)?.second ?? -1);
    if (problem !== null) problems.push(`${name}:${index + 1}: ${problem}`);
    else points.push({ second: Number(fields[0]), rate: Number(fields[1]) });
  });
  if (problems.length === 0 && points.length === 0)
    problems.push(`${name}: expected lines of seconds,rate; it has none`);
  if (problems.length > 0) {
    const more = problems.length > maxProblems ? [`and ${problems.length - maxProblems} more`] : [];
    throw new CommandError([...problems.slice(0, maxProblems), ...more].join('\n'));
  }
  const rates = new Float64Array((points.at(-1)?.second ?? 0) + 1);
  points.forEach(({ second, rate }, index) => {
    rates.fill(rate, second, points[index + 1]?.second ?? second + 1);
  });
  return { name, startMs, rates };
}

function problemOf(fields: readonly string[], previousSecond: number): string | null {
  if (fields.length !== 2) return `expected two fields, seconds,rate, not ${fields.length}`;
  const [seconds = '', rate = ''] = fields;
  const second = Number(seconds);
  if (!/^\d+$/.test(seconds) || second >= maxSeconds) {
    return `seconds: expected a whole number below ${maxSeconds} (a week), not '${shown(seconds)}'`;
  }
  if (second <= previousSecond)
    return `seconds: expected more than the ${previousSecond} of the line before, not ${second}`;
  if (!/^\d+(\.\d+)?(e\d+)?$/i.test(rate) || Number(rate) > maxRate) {
    return `rate: expected records/s from 0 to ${maxRate}, not '${shown(rate)}'`;
  }
  return null;
}

/** What came, as a terminal may show it. */
function shown(text: string): string {
  const printable = text.replace(/[^\x20-\x7e]/g, '?');
  return printable.length > 40 ? `${printable.slice(0, 40)}...` : printable;
}
