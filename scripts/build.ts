import { buildBundle, bundles } from './support/bundle.ts';
import { runCommand, UsageError } from './support/command.ts';

const entries = bundles.map(({ entry }) => entry);

await runCommand(
  {
    name: 'build',
    summary:
      'Bundles functions and both hosts: dist/functions.mjs, and dist/database.mjs of those that use a database.',
    usage: ['[--entry <path> --outfile <path>] [--sourcemap]'],
    options: {
      entry: { type: 'string' },
      outfile: { type: 'string' },
      sourcemap: { type: 'boolean' },
    },
    describe: {
      entry: `Only the bundle of this entry: ${entries.join(' or ')}.`,
      outfile: 'Only one bundle, and where it goes (default entry functions/main.ts).',
      sourcemap: 'Write source maps beside them.',
    },
  },
  async ({ entry, outfile, sourcemap }) => {
    if (entry !== undefined && !entries.some((known) => known === entry)) {
      throw new UsageError(`--entry takes ${entries.join(' or ')}, not '${entry}'`);
    }
    const only = entry ?? (outfile === undefined ? undefined : entries[0]);
    for (const bundle of bundles) {
      if (only !== undefined && bundle.entry !== only) continue;
      const path = outfile ?? bundle.outfile;
      const { bytes } = await buildBundle({ entry: bundle.entry, outfile: path, sourcemap });
      process.stderr.write(`${path}: ${Math.round(bytes / 1_024)} KB\n`);
    }
    return 0;
  },
);
