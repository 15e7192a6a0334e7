import { Session } from 'node:inspector/promises';

/** V8's own coverage of blocks, asked for while the program runs. */
export interface Coverage {
  /** The blocks of the watched files that ran since it was last asked. */
  take(): Promise<ReadonlySet<string>>;
  stop(): Promise<void>;
}

/** Watches the scripts whose address has one of `parts`. Those that are loaded already are counted by function only. */
export async function startCoverage(parts: readonly string[]): Promise<Coverage> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return {
    async take() {
      const { result } = await session.post('Profiler.takePreciseCoverage');
      const blocks = new Set<string>();
      for (const { url, functions } of result) {
        if (!parts.some((part) => url.includes(part))) continue;
        for (const { ranges } of functions) {
          for (const { startOffset, endOffset, count } of ranges) {
            if (count > 0) blocks.add(`${url}:${startOffset}-${endOffset}`);
          }
        }
      }
      return blocks;
    },
    async stop() {
      await session.post('Profiler.stopPreciseCoverage');
      session.disconnect();
    },
  };
}
