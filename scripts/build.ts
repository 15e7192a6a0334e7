import { buildBundle } from './support/bundle.ts';
import { runCommand } from './support/command.ts';

await runCommand(
  {
    name: 'build',
    summary: 'Bundles all functions and both hosts into one file, dist/functions.mjs.',
    usage: ['[--outfile <path>] [--sourcemap]'],
    options: { outfile: { type: 'string', default: 'dist/functions.mjs' }, sourcemap: { type: 'boolean' } },
    describe: { outfile: 'Where the bundle goes.', sourcemap: 'Write a source map beside it.' },
  },
  async ({ outfile, sourcemap }) => {
    const { bytes } = await buildBundle({ outfile, sourcemap });
    process.stderr.write(`${outfile}: ${Math.round(bytes / 1_024)} KB\n`);
    return 0;
  },
);
