import { runProcess } from './hosts/container/entry.ts';
import { lambdaHandler } from './hosts/lambda/entry.ts';
import { processor as processorDefinition } from './processor/definition.ts';
import { digestOf, isProgram, refuse, usageOf } from './program.ts';
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

const names = Object.keys(functions);
const usage = usageOf('functions.mjs', names);

function digest(): string {
  return digestOf(new URL(import.meta.url));
}

async function main(words: readonly string[]): Promise<void> {
  const [name, extra] = words;
  if (name === '--help' || name === '-h') {
    process.stdout.write(usage);
  } else if (name !== undefined && extra === undefined && Object.hasOwn(functions, name)) {
    await runProcess(functions[name as keyof typeof functions], digest());
  } else {
    refuse(words, names, usage);
  }
}

if (isProgram(import.meta.url)) await main(process.argv.slice(2));
