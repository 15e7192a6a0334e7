import { CommandError } from '../support/command.ts';

/**
 * serverless.yml with one more function, which has a file of its own beside the processor's parts: the entry under
 * `functions` and its role and mapping under `resources` only refer to that.
 * @throws CommandError when the file is not written as it was known to be
 */
export function addToServerless(text: string, name: string): string {
  const own = `infra/serverless/functions/${name}.yml`;
  const withFunction = intoBlock(text, 'functions', `  ${name}: \${file(${own}):function}`);
  return intoBlock(withFunction, 'resources', `  - \${file(${own}):stack}`);
}

/** Adds a line at the end of a top-level block. */
function intoBlock(text: string, block: string, line: string): string {
  const lines = text.split('\n');
  const starts = lines.flatMap((one, index) => (one === `${block}:` ? [index] : []));
  const [start] = starts;
  if (start === undefined || starts.length > 1) {
    throw new CommandError(
      `serverless.yml is not as expected: one block \`${block}:\` was expected, and ${starts.length} found. Nothing was ` +
        'written. Add the function by hand, or put the file back into its shape.',
    );
  }
  const next = lines.findIndex((one, index) => index > start && /^\S/.test(one));
  let end = next === -1 ? lines.length : next;
  while (lines[end - 1]?.trim() === '') end -= 1;
  return lines.toSpliced(end, 0, line).join('\n');
}
