import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CommandError, UsageError } from '../support/command.ts';
import { partitionHash } from './partition.ts';
import type { FeedRecord, RecordSource } from './records.ts';

const newline = 0x0a;

/**
 * Records of a file, one value a line, as their bytes stand; a name that ends in `.gz` is unpacked. Blank lines are
 * skipped. The key is the line's `symbol_id`. A line that has none (not JSON, say) is poison: it is sent as it is, with
 * no key, to the partition that its own bytes hash to.
 */
export async function replaySource(path: string): Promise<RecordSource> {
  const file = await stat(path).catch(() => undefined);
  if (!file?.isFile()) throw new UsageError(`--replay takes a file of one message a line; there is none at '${path}'`);

  const iterator = lines(path)[Symbol.asyncIterator]();
  return {
    async pull(max) {
      const records: FeedRecord[] = [];
      while (records.length < max) {
        const line = await iterator.next().catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          throw new CommandError(`Cannot read '${path}' to its end (${reason}): is the file whole?`);
        });
        if (line.done) break;
        records.push(replayed(line.value));
      }
      return records;
    },
    close: async () => {
      await iterator.return?.(undefined);
    },
  };
}

async function* lines(path: string): AsyncGenerator<Buffer, void, undefined> {
  const file = createReadStream(path);
  // The callback is needed for the stream to carry the file's error; whoever iterates gets it.
  const input = path.endsWith('.gz') ? pipeline(file, createGunzip(), () => {}) : file;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of input as AsyncIterable<Buffer>) {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = data.indexOf(newline); end !== -1; end = data.indexOf(newline, start)) {
      if (!isBlank(data, start, end)) yield data.subarray(start, end);
      start = end + 1;
    }
    rest = data.subarray(start);
  }
  if (!isBlank(rest, 0, rest.length)) yield rest;
}

function isBlank(data: Buffer, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    if (data[index] !== 0x20 && data[index] !== 0x0d && data[index] !== 0x09) return false;
  }
  return true;
}

function replayed(value: Buffer): FeedRecord {
  const key = keyOf(value);
  return { key, partitionKey: partitionHash(key ?? value), value, poison: key ? null : 'replayed' };
}

function keyOf(line: Buffer): Buffer | null {
  try {
    const value: unknown = JSON.parse(line.toString());
    if (typeof value !== 'object' || value === null || !('symbol_id' in value)) return null;
    return Number.isSafeInteger(value.symbol_id) ? Buffer.from(String(value.symbol_id)) : null;
  } catch {
    return null;
  }
}
