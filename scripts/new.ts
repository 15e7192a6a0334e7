import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deployedFunctions } from '../infra/serverless/functions.ts';
import { topics } from '../infra/topics.ts';
import { identifiersOf } from './new/edit-main.ts';
import { filesOf, writeFiles } from './new/lay-down.ts';
import { newFunction } from './new/options.ts';
import { laidDownJson, laidDownText } from './new/text.ts';
import { runCommand } from './support/command.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

await runCommand(
  {
    name: 'new',
    summary:
      'Lays down a function that works: a definition, a test of it, and its entries wherever functions are listed.',
    usage: [
      'quote-spreads',
      'quote-spreads --source quotes --output spreads --order partition --batch',
      'quote-spreads --source quotes --park',
      'x --dry-run',
    ],
    options: {
      ...{ source: text, output: text, 'dead-letters': text, group: text, order: { ...text, default: 'key' } },
      ...{ batch: flag, park: flag, 'dry-run': flag, json: flag },
    },
    describe: {
      source: 'The topic it reads (default market.raw).',
      output: "The topic its outputs go to (default the function's name).",
      'dead-letters': 'The topic for records that it cannot handle (default that of the source, <source>.dlq).',
      group: "Its consumer group (default the function's name, and -group).",
      order: 'Which records must not overtake each other: those of a key, or of a partition.',
      batch: 'A handler that takes many records at once, for work that gains from it.',
      park: 'A key whose record died waits, with all behind it, until it is redriven in order.',
      'dry-run': 'Show what would be written, and write nothing.',
      json: 'Report in JSON: every file with its text.',
    },
    notes: [
      'A topic that is not declared yet is: in infra/topics.ts, with as many partitions as its source, or 60. With --park',
      'also the compacted <dead-letters>.parked, which functions that share a dead-letter topic share.',
      'Exit code 0 when all is written, 1 when a file is not as expected, 2 when called wrongly; then nothing was written.',
    ],
  },
  async ({ 'dry-run': dryRun, json, ...flags }, positionals) => {
    const spec = newFunction(positionals, flags, {
      taken: identifiersOf(readFileSync(join(root, 'functions/main.ts'), 'utf8')),
      topics,
      functions: deployedFunctions,
      exists: (path) => existsSync(join(root, path)),
    });
    const files = filesOf(root, spec);
    if (!dryRun) writeFiles(root, files);
    process.stdout.write(json ? laidDownJson(spec, files, !dryRun) : laidDownText(spec, files, !dryRun));
    return 0;
  },
);
