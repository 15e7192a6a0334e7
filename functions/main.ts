import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runProcess } from './hosts/container/entry.ts';
import { lambdaHandler } from './hosts/lambda/entry.ts';
import { processor as processorDefinition } from './processor/definition.ts';
import { BadInputError, DependencyDownError, RetryableError } from './runtime/errors.ts';
import { invoke } from './runtime/invoke.ts';

/** The functions of this bundle, by the name they are started with. */
const functions = { processor: processorDefinition } as const;

/** The handler of the processor behind an event source mapping: `dist/functions.processor`. */
export const processor = lambdaHandler(processorDefinition, digest);

/**
 * The runtime of this very file, for functions that are not in it. The conformance suite puts its own through the bundle
 * that ships, byte for byte, in every host.
 */
export const runtime = {
  functions,
  ...{ runProcess, lambdaHandler, invoke },
  ...{ BadInputError, DependencyDownError, RetryableError },
} as const;

const usage = `Runs a function as a member of its Kafka consumer group.

Usage:
  node functions.mjs <${Object.keys(functions).join('|')}>

Settings come from the environment; KAFKA_BOOTSTRAP_SERVERS is the one that has no default.
`;

/** Of this file: both hosts log it at start, so that what runs can be compared with what was certified. */
function digest(): string {
  return createHash('sha256')
    .update(readFileSync(fileURLToPath(import.meta.url)))
    .digest('hex');
}

async function main(name: string | undefined): Promise<void> {
  if (name === '--help' || name === '-h') {
    process.stdout.write(usage);
  } else if (name !== undefined && Object.hasOwn(functions, name)) {
    await runProcess(functions[name as keyof typeof functions], digest());
  } else {
    const given = name === undefined ? 'No function was named' : `There is no function '${name}'`;
    process.stderr.write(`${given}. There are: ${Object.keys(functions).join(', ')}.\n\n${usage}`);
    process.exitCode = 2;
  }
}

// The same file is imported for its exports elsewhere: only a program starts a container.
const program = process.argv[1];
if (program !== undefined && isThisFile(program)) await main(process.argv[2]);

function isThisFile(path: string): boolean {
  try {
    return realpathSync(path) === fileURLToPath(import.meta.url);
  } catch {
    return false; // the runtime client was started with a name that is no file
  }
}
