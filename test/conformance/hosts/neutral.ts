import type { LoggedHeaders } from '../../support/ledger/log.ts';

const runTopic = /ledger\.(raw|out|dlq)\.[0-9a-f]{8}/g;
const words: Readonly<Record<string, string>> = { raw: 'in', out: 'out', dlq: 'dlq' };

/** Headers without what differs from run to run: the names of its topics, and when the input was written. */
export function neutral(
  headers: LoggedHeaders,
  timestampOf: (partition: number, offset: number) => number | undefined,
): LoggedHeaders {
  const entries = Object.entries(headers).map(([name, value]): [string, LoggedHeaders[string]] => [
    name,
    typeof value === 'string' ? value.replace(runTopic, (_name, kind: string) => words[kind] ?? kind) : value,
  ]);
  const named = Object.fromEntries(entries);
  const input = timestampOf(Number(headers['error.partition']), Number(headers['error.offset']));
  if (input !== undefined && named['error.timestamp'] === String(input)) named['error.timestamp'] = "the input's";
  return named;
}
