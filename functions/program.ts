import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The SHA-256 of a bundle: both hosts log it at their start, so that what runs can be compared with what was certified. */
export function digestOf(bundle: string | URL): string {
  return createHash('sha256').update(readFileSync(bundle)).digest('hex');
}

/** Whether this process was started with that file. It is imported for its exports elsewhere: only a program starts a container. */
export function isProgram(url: string): boolean {
  const program = process.argv[1];
  if (program === undefined) return false;
  try {
    return realpathSync(program) === fileURLToPath(url);
  } catch {
    return false; // the runtime client was started with a name that is no file
  }
}

/** How a bundle is called, and what is in it. */
export function usageOf(file: string, names: readonly string[]): string {
  return `Runs a function as a member of its Kafka consumer group.

Usage:
  node ${file} <${names.join('|')}>

What works without a database is in functions.mjs, what needs one in database.mjs.

Settings come from the environment; what is missing or wrong is told at the start.
`;
}

/** Answers a call that names no function of the bundle, or more than one word. */
export function refuse([name, extra]: readonly string[], names: readonly string[], usage: string): void {
  const given =
    extra !== undefined
      ? `There is nothing to do with '${extra}'`
      : name === undefined
        ? 'No function was named'
        : `There is no function '${name}' in this file`;
  process.stderr.write(`${given}. There are: ${names.join(', ')}.\n\n${usage}`);
  process.exitCode = 2;
}
