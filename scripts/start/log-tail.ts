import { readSync } from 'node:fs';

const intervalMs = 50;

/** Follows a file that another process writes, line by line. */
export interface LogTail {
  /** Reads what is there now, and no more after that. */
  end(): void;
}

/** By its descriptor: the file may be deleted or replaced at its path by another run. */
export function tailLog(descriptor: number, onLine: (line: string) => void): LogTail {
  const chunk = Buffer.alloc(65_536);
  let position = 0;
  let rest = Buffer.alloc(0);

  function read(): void {
    for (;;) {
      const bytes = readSync(descriptor, chunk, 0, chunk.length, position);
      if (bytes === 0) return;
      position += bytes;
      const text = Buffer.concat([rest, chunk.subarray(0, bytes)]);
      const lineEnd = text.lastIndexOf(0x0a);
      rest = Buffer.from(text.subarray(lineEnd + 1));
      if (lineEnd < 0) continue;
      for (const line of text.toString('utf8', 0, lineEnd).split('\n')) onLine(line);
    }
  }

  const timer = setInterval(read, intervalMs);
  return {
    end() {
      clearInterval(timer);
      read();
      if (rest.length > 0) onLine(rest.toString('utf8'));
      rest = Buffer.alloc(0);
    },
  };
}
