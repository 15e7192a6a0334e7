import { spawnSync } from 'node:child_process';
import { CommandError } from '../support/command.ts';

/**
 * The text as `npm run format` would leave it: a long name breaks other lines than a short one, and imports are sorted.
 * @param path from the root of the repository; nothing is read or written there
 */
export function formatted(root: string, path: string, text: string): string {
  const { status, stdout, stderr, error } = spawnSync('biome', ['check', '--write', `--stdin-file-path=${path}`], {
    cwd: root,
    input: text,
    encoding: 'utf8',
    maxBuffer: 16_777_216,
  });
  if (status === 0) return stdout;
  const reason = error?.message ?? stderr.trim();
  throw new CommandError(
    `${path} cannot be formatted: run this through \`npm run\`, after \`npm run setup\`. ${reason}`,
  );
}
