import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { runCommand } from './support/command.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

await runCommand(
  {
    name: 'build',
    summary: 'Bundles all functions and both hosts into one file, dist/functions.mjs.',
    usage: ['[--outfile <path>] [--sourcemap]'],
    options: { outfile: { type: 'string', default: 'dist/functions.mjs' }, sourcemap: { type: 'boolean' } },
    describe: { outfile: 'Where the bundle goes.', sourcemap: 'Write a source map beside it.' },
  },
  async ({ outfile, sourcemap }) => {
    const path = join(root, outfile);
    mkdirSync(join(path, '..'), { recursive: true });
    await build({
      absWorkingDir: root,
      entryPoints: ['functions/main.ts'],
      outfile: path,
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      legalComments: 'none',
      sourcemap: sourcemap ? 'linked' : false,
      // kafkajs and pino are CommonJS: what they require of Node needs a `require` in an ES module.
      banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
      logLevel: 'warning',
    });
    process.stderr.write(`${outfile}: ${Math.round(statSync(path).size / 1_024)} KB\n`);
    return 0;
  },
);
