import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** How a command of `scripts/` presents itself: its help text is made from this. */
export interface CommandSpec<Options extends ParseArgsOptionsConfig> {
  /** As typed after `npm run`, e.g. `feed`. */
  readonly name: string;
  /** How it is called where that is not `npm run <name> --`. */
  readonly call?: string;
  readonly summary: string;
  /** What follows the call, one line each. */
  readonly usage: readonly string[];
  readonly options: Options;
  /** One line per option, by its name. */
  readonly describe: { readonly [Name in keyof Options]: string };
  readonly notes?: readonly string[];
}

/** A mistake of the person at the keyboard: shown in one line, with no stack, exit code 2. */
export class UsageError extends Error {}

/** A failure that a person can act on: shown in full, with no stack, exit code 1. */
export class CommandError extends Error {}

type Values<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options; allowPositionals: true }>
>['values'];

function callOf({ name, call }: { readonly name: string; readonly call?: string }): string {
  return call ?? `npm run ${name} --`;
}

function helpText<Options extends ParseArgsOptionsConfig>(spec: CommandSpec<Options>): string {
  const flags = Object.entries(spec.options).map(([name, option]) => {
    const flag = `--${name}${option.type === 'string' ? ' <value>' : ''}`;
    const fallback = option.default === undefined ? '' : ` (default ${String(option.default)})`;
    return `  ${flag.padEnd(28)} ${spec.describe[name]}${fallback}`;
  });
  const usage = spec.usage.map((line) => `  ${callOf(spec)} ${line}`.replace(/ (?:-- )?$/, ''));
  return [
    spec.summary,
    '',
    'Usage:',
    ...usage,
    '',
    'Options:',
    ...flags,
    `  ${'--help'.padEnd(28)} Show this text.`,
    ...(spec.notes ? ['', ...spec.notes] : []),
    '',
  ].join('\n');
}

/**
 * Runs a command: parses the arguments, answers `--help`, and turns errors into one clear message and an exit code:
 * 0 when what the command promises holds, 1 when it does not, 2 when it was called wrongly (nothing was changed).
 * @param main what it does; one that takes no second parameter is never called with words that are no options
 */
export async function runCommand<const Options extends ParseArgsOptionsConfig>(
  spec: CommandSpec<Options>,
  main: (values: Values<Options>, positionals: string[]) => Promise<number>,
): Promise<void> {
  try {
    if (process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')) {
      process.stdout.write(helpText(spec));
      return;
    }
    const [values, words] = parse(spec);
    if (main.length < 2 && words.length > 0) throw new UsageError(`there is nothing to do with '${words.join(' ')}'`);
    process.exitCode = await main(values, words);
  } catch (error) {
    const usage = error instanceof UsageError;
    if (usage) process.stderr.write(`${spec.name}: ${error.message}. See: ${callOf(spec)} --help\n`);
    else if (error instanceof CommandError) process.stderr.write(`${spec.name}: ${error.message}\n`);
    else process.stderr.write(`${spec.name}: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
    process.exitCode = usage ? 2 : 1;
  }
}

function parse<Options extends ParseArgsOptionsConfig>(spec: CommandSpec<Options>): [Values<Options>, string[]] {
  try {
    const args = withNegatives(process.argv.slice(2), spec.options);
    const parsed = parseArgs({ args, options: spec.options, allowPositionals: true });
    return [parsed.values as Values<Options>, parsed.positionals];
  } catch (error) {
    // Node goes on about words that begin with a dash, which no command here takes.
    const text = error instanceof Error ? error.message : String(error);
    throw new UsageError(text.replace(/\. To specify a positional argument.*$/s, '').replace(/\.$/, ''));
  }
}

/** Node takes what begins with a dash for an option: a negative number is a value. */
function withNegatives(args: readonly string[], options: ParseArgsOptionsConfig): string[] {
  const joined: string[] = [];
  for (const argument of args) {
    const option = joined.at(-1)?.replace(/^--/, '') ?? '';
    const isValue = /^-\d/.test(argument) && options[option]?.type === 'string';
    if (isValue) joined.push(`${joined.pop()}=${argument}`);
    else joined.push(argument);
  }
  return joined;
}

/** Everything that is wrong with a command line, told at once. */
export interface Problems {
  readonly list: string[];
  /** What `parse` gives; undefined when it throws a UsageError, which is put on the list. */
  read<Value>(parse: () => Value): Value | undefined;
}

export function collectProblems(): Problems {
  const list: string[] = [];
  return {
    list,
    read(parse) {
      try {
        return parse();
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        list.push(error.message);
        return undefined;
      }
    },
  };
}

/** A whole number option within bounds, or a UsageError that says what is accepted. */
export function integerOption(name: string, text: string, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new UsageError(`--${name} takes a whole number from ${min} to ${max}, not '${text}'`);
  }
  return value;
}

/** A duration such as `500ms`, `30s`, `5m` or `1h`, in milliseconds, or a UsageError that says what is accepted. */
export function durationOption(name: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (!match) throw new UsageError(`--${name} takes a duration such as 500ms, 30s, 5m or 1h, not '${text}'`);
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match[2] as 'ms' | 's' | 'm' | 'h'];
  return Number(match[1]) * unit;
}

/** Node's timers end at once when they are set for more than 2^31 - 1 ms. */
const longestWaitMs = 596 * 3_600_000;

/** A duration that something waits for, within bounds and as long as a timer can, or a UsageError with what is accepted. */
export function waitOption(name: string, text: string, minMs = 0, maxMs = longestWaitMs): number {
  const ms = durationOption(name, text);
  if (ms >= minMs && ms <= maxMs) return ms;
  throw new UsageError(`--${name} takes ${shortDuration(minMs)} to ${shortDuration(maxMs)}, not '${text}'`);
}

function shortDuration(ms: number): string {
  return ms === longestWaitMs ? `${ms / 3_600_000}h` : `${ms / 1_000}s`;
}
