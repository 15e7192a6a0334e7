import { fileURLToPath } from 'node:url';
import { runCommand, UsageError } from '../support/command.ts';
import { daysOf, daysOptions, daysText, runSchemaAction, schemaActions } from './schema.ts';

// schema.mjs of the image: what `npm run database` does to a schema, where there is no repository.
await runCommand(
  {
    name: 'schema',
    call: 'node schema.mjs',
    summary: 'Keeps the schema of the database that DATABASE_URL names.',
    usage: ['migrate | partitions [--ahead <days>] [--keep <days>]'],
    options: { ...daysOptions, json: { type: 'boolean', default: false } },
    describe: { ...daysText, json: 'Print what is reported as JSON.' },
    notes: [
      'migrate     Run the migrations that are missing, and make partitions. Again is harmless.',
      'partitions  Make the partitions of the days to come; drop old ones with --keep.',
    ],
  },
  async ({ json, ...days }, [name, ...rest]) => {
    const action = schemaActions.find((one) => one === name);
    if (action === undefined || rest.length > 0) {
      throw new UsageError(`takes one of ${schemaActions.join(', ')}, not '${[name, ...rest].join(' ')}'`);
    }
    // Beside this file in the image.
    const folder = fileURLToPath(new URL('migrations', import.meta.url));
    return await runSchemaAction(action, process.env, daysOf(days), json, folder);
  },
);
