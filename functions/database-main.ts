import { analytics as analyticsDefinition } from './analytics/definition.ts';
import { runProcess } from './hosts/container/entry.ts';
import { lambdaHandler } from './hosts/lambda/entry.ts';
import { digestOf, isProgram, refuse, usageOf } from './program.ts';
import { BadInputError, DependencyDownError, RetryableError } from './runtime/errors.ts';
import { invoke } from './runtime/invoke.ts';
import { storage as storageDefinition } from './storage/definition.ts';

/**
 * What starts each function that uses a database, by its name. They have a bundle of their own, dist/database.mjs: the one
 * of the processor is read at each of its cold starts, and has no use for a database's client.
 */
const functions: Readonly<Record<string, (digest: string) => Promise<void>>> = {
  storage: (digest) => runProcess(storageDefinition, digest),
  analytics: (digest) => runProcess(analyticsDefinition, digest),
};

/** The handler of storage behind an event source mapping: `dist/database.storage`. */
export const storage = lambdaHandler(storageDefinition, digest);

/** The handler of analytics behind an event source mapping: `dist/database.analytics`. */
export const analytics = lambdaHandler(analyticsDefinition, digest);

/** The runtime of this very file and its functions, as in functions.mjs: the conformance suite puts its own through it. */
export const runtime = {
  functions: { storage: storageDefinition, analytics: analyticsDefinition },
  ...{ runProcess, lambdaHandler, invoke },
  ...{ BadInputError, DependencyDownError, RetryableError },
} as const;

const names = Object.keys(functions);
const usage = usageOf('database.mjs', names);

function digest(): string {
  return digestOf(new URL(import.meta.url));
}

async function main(words: readonly string[]): Promise<void> {
  const [name, extra] = words;
  const known = name !== undefined && extra === undefined && Object.hasOwn(functions, name);
  const start = known ? functions[name] : undefined;
  if (name === '--help' || name === '-h') process.stdout.write(usage);
  else if (start) await start(digest());
  else refuse(words, names, usage);
}

if (isProgram(import.meta.url)) await main(process.argv.slice(2));
