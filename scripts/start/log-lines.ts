import { printable } from '../support/words.ts';

/** What an instance's log says that a watcher wants to know. */
export type LogFact =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'assigned'; readonly partitions: readonly number[]; readonly atMs: number }
  /** It has let go of all its partitions: drained before a rebalance or the end, or lost. */
  | { readonly kind: 'released'; readonly lost: boolean; readonly atMs: number }
  | { readonly kind: 'leaving'; readonly atMs: number }
  /** Worth a line in the list of events; `reason` is what the entry gives as its error, which differs from record to record. */
  | { readonly kind: 'notice'; readonly text: string; readonly reason: string; readonly atMs: number }
  /** No log line: what a crash prints. */
  | { readonly kind: 'text'; readonly text: string };

const notices = [
  'Out of the consumer group',
  'Publishing',
  'A dependency is down',
  'Uncaught',
  'The watchdog',
  'Commit',
  'The group is shared',
  'No word from the group',
  'The next record is not in the topic',
];

/** Reads one line; undefined when it says nothing that matters here. */
export function readLogLine(line: string): LogFact | undefined {
  const entry = parse(line);
  if (entry === undefined) return line.trim() === '' ? undefined : { kind: 'text', text: printable(line) };
  const text = String(entry.msg ?? '');
  const atMs = Date.parse(String(entry.time)) || Date.now();
  if (text.startsWith('Health and metrics on')) return { kind: 'listening', port: Number(entry.port) };
  if (text.startsWith('Assigned partitions')) return { kind: 'assigned', partitions: numbers(entry.partitions), atMs };
  if (text.startsWith('Drain')) return { kind: 'released', lost: false, atMs };
  if (text.startsWith('Partitions lost')) return { kind: 'released', lost: true, atMs };
  if (text.startsWith('Shutting down:')) return { kind: 'leaving', atMs };
  const worth = Number(entry.level) >= 50 || notices.some((start) => text.startsWith(start));
  // A handler may log what a record says, and JSON has given back what it had escaped: a terminal must not obey it.
  const reason = typeof entry.error === 'string' ? printable(entry.error) : '';
  return worth ? { kind: 'notice', text: printable(text), reason, atMs } : undefined;
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((one) => Number.isInteger(one)) : [];
}
