import { CommandError } from '../support/command.ts';
import type { NewFunction } from './options.ts';

/** The templates that list functions, and what infra/serverless/resolve.js has their parts under. */
export const templates = { 'serverless.yml': 'msk', 'serverless.self-managed.yml': 'selfManaged' } as const;

const table = /^export const deployedFunctions: readonly DeployedFunction\[\] = \[\n[\s\S]*?(?=^\];$)/m;

/**
 * infra/serverless/functions.ts with one more function: its role, mapping, alarms and outputs are made of that.
 * @throws CommandError when the file is not written as it was known to be
 */
export function addDeployed(text: string, { name, source, output, deadLetters, group, park }: NewFunction): string {
  const own = Object.entries({ source, output, deadLetters, group }).map(([key, value]) => `${key}: '${value}'`);
  if (park) own.push('park: true');
  const changed = text.replace(table, (found) => `${found}  deployed('${name}', { ${own.join(', ')} }),\n`);
  if (changed === text) {
    throw new CommandError(
      'infra/serverless/functions.ts is not as expected: it lacks the list `export const deployedFunctions: readonly ' +
        'DeployedFunction[] = [`. Nothing was written. Add the function by hand, or put the file back into its shape.',
    );
  }
  return changed;
}

/**
 * A template with one more function: an entry under `functions` and one under `resources`.
 * @throws CommandError when the file is not written as it was known to be
 */
export function addToServerless(path: keyof typeof templates, text: string, name: string): string {
  const made = `\${file(infra/serverless/resolve.js):${templates[path]}.${name}`;
  const withFunction = intoBlock(path, text, 'functions', `  ${name}: ${made}.function}`);
  return intoBlock(path, withFunction, 'resources', `  - ${made}.stack}`);
}

/** Adds a line at the end of a top-level block. */
function intoBlock(path: string, text: string, block: string, line: string): string {
  const lines = text.split('\n');
  const starts = lines.flatMap((one, index) => (one === `${block}:` ? [index] : []));
  const [start] = starts;
  if (start === undefined || starts.length > 1) {
    throw new CommandError(
      `${path} is not as expected: one block \`${block}:\` was expected, and ${starts.length} found. Nothing was ` +
        'written. Add the function by hand, or put the file back into its shape.',
    );
  }
  const next = lines.findIndex((one, index) => index > start && /^\S/.test(one));
  let end = next === -1 ? lines.length : next;
  while (lines[end - 1]?.trim() === '') end -= 1;
  return lines.toSpliced(end, 0, line).join('\n');
}
