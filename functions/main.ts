import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runProcess } from './hosts/container/entry.ts';
import { processor } from './processor/definition.ts';

/** The functions of this bundle, by the name they are started with. */
const functions = { processor } as const;

const usage = `Runs a function as a member of its Kafka consumer group.

Usage:
  node functions.mjs <${Object.keys(functions).join('|')}>

Settings come from the environment; KAFKA_BOOTSTRAP_SERVERS is the one that has no default.
`;

async function main(name: string | undefined): Promise<void> {
  if (name === '--help' || name === '-h') {
    process.stdout.write(usage);
  } else if (name !== undefined && Object.hasOwn(functions, name)) {
    const digest = createHash('sha256')
      .update(readFileSync(fileURLToPath(import.meta.url)))
      .digest('hex');
    await runProcess(functions[name as keyof typeof functions], digest);
  } else {
    const given = name === undefined ? 'No function was named' : `There is no function '${name}'`;
    process.stderr.write(`${given}. There are: ${Object.keys(functions).join(', ')}.\n\n${usage}`);
    process.exitCode = 2;
  }
}

// The same file is imported for its exports elsewhere: only a program starts a container.
const program = process.argv[1];
if (program !== undefined && realpathSync(program) === fileURLToPath(import.meta.url)) await main(process.argv[2]);
