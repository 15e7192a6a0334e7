import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatted } from './new/format.ts';
import { deadLetterFrom } from './repro/dead-letter.ts';
import { findFunction } from './repro/find-function.ts';
import { reproOptions } from './repro/options.ts';
import { readRecord } from './repro/read.ts';
import { replay } from './repro/replay.ts';
import { defaultPath, testText } from './repro/test-text.ts';
import { writtenJson, writtenText } from './repro/text.ts';
import { CommandError, runCommand } from './support/command.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

await runCommand(
  {
    name: 'repro',
    summary: 'Makes a test of a dead letter: its record, replayed through the handler that refused it, with no server.',
    usage: [
      '--topic market.raw.dlq --partition 3 --offset 17',
      '--latest',
      '--key 13 --out test/unit/processor/a.test.ts',
    ],
    options: {
      ...{ topic: text, partition: text, offset: text, latest: flag, key: text, out: text },
      ...{ 'bootstrap-servers': text, 'env-file': text, json: flag },
    },
    describe: {
      topic: 'The dead-letter topic (default DEAD_LETTER_TOPIC, else market.raw.dlq).',
      partition: 'Where in it the dead letter lies ...',
      offset: '... and at which offset.',
      latest: 'Take the newest dead letter of the topic.',
      key: 'Take the newest dead letter with this key, of the last 1000 of each partition.',
      out: 'The test file to write (default test/unit/<function>/dead-letter-<topic>-<partition>-<offset>.test.ts).',
      'bootstrap-servers': 'Brokers as host:port, by commas (default KAFKA_BOOTSTRAP_SERVERS, else the local cluster).',
      'env-file': 'Read settings from this file too; the environment goes before it.',
      json: 'Report in JSON.',
    },
    notes: [
      'The test asserts what happened: it passes now, and turns red once the bug is mended. Its first comment says how on.',
      'Exit code 0 when it is written and the code as it is here does the same, 1 when not, 2 when called wrongly.',
    ],
  },
  async ({ json, ...flags }, positionals) => {
    const { choice, target, out } = reproOptions(flags, positionals, process.env, root);
    const letter = deadLetterFrom(await readRecord(target, choice));
    const found = await findFunction(root, letter.functionName);
    const path = out ?? defaultPath(letter);
    if (existsSync(join(root, path)))
      throw new CommandError(`${path} is there already: move it, or name another with --out`);
    const test = formatted(root, path, testText(letter, found, path));
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), test, { flag: 'wx' });
    const replayed = await replay(letter, found);
    process.stdout.write(json ? writtenJson(letter, path, replayed) : writtenText(letter, path, replayed));
    return replayed.reproduced ? 0 : 1;
  },
);
