import { execFile } from 'node:child_process';
import { inject } from 'vitest';
import type { Pipeline } from './pipeline.ts';

/** What a command printed, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `npm run dead-letters -- <args>` on the topics of a pipeline. */
export function deadLetters({ topics, groupId }: Pipeline, ...args: string[]): Promise<Ran> {
  const servers = inject('bootstrapServers').join(',');
  const where = ['--topic', topics.deadLetters, '--group', groupId, '--bootstrap-servers', servers];
  const env = { PATH: process.env.PATH };
  return new Promise((resolve) => {
    execFile(process.execPath, ['scripts/dead-letters.ts', ...args, ...where], { env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}
