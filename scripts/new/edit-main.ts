import { CommandError } from '../support/command.ts';
import type { Names } from './names.ts';

const path = 'functions/main.ts';
const table = /^const functions = \{([^{}]*)\} as const;$/gm;
const entry = /^('?)([a-z][a-z0-9-]*)\1: (?:(\w+Definition)|\(\) => runProcess\((\w+Definition), digest\(\)\))$/;
const betweenEntries = /,\s*(?='?[a-z][a-z0-9-]*'?: |$)/;
const directStart = 'await runProcess(functions[name as keyof typeof functions], digest());';
const start = 'await functions[name as keyof typeof functions]();';
const handler =
  /^(?:export )?const \w+ = lambdaHandler\(\w+Definition, digest\);\n(?:\nexport \{ \w+ as '[a-z0-9-]+' \};\n)?/gm;
const localImport = /^import (?:type )?\{[^}]*\} from '\.\/[^']+';\n/gm;

function unexpected(what: string): CommandError {
  return new CommandError(
    `${path} is not as expected: ${what}. Nothing was written. Add the function by hand, as the others are, or put the ` +
      'file back into its shape.',
  );
}

/** Names that mean something in the bundle's entry already: what it imports and declares. */
export function identifiersOf(text: string): Set<string> {
  const imported = [...text.matchAll(/^import (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = '']) => list.split(','));
  const declared = [...text.matchAll(/^\s*(?:export )?(?:async )?(?:const|let|function|class) (\w+)/gm)];
  return new Set([
    ...imported.map((one) => one.trim().split(' ').at(-1) ?? ''),
    ...declared.map(([, name = '']) => name),
  ]);
}

/**
 * The bundle's entry with one more function: imported, in the table that starts containers, and exported for Lambda. The
 * export has the function's own name, dashes included, since that is how a host knows that it was deployed as this one.
 *
 * The table holds what starts each function. One of definitions, as it is written for a single function, has no type that
 * `runProcess` could take once their resources differ; it is rewritten on the way.
 * @throws CommandError when the file is not written as it was known to be
 */
export function addToMain(text: string, { name, identifier }: Names): string {
  const definition = `${identifier}Definition`;
  const functions = only(text, table, 'one table `const functions = { ... } as const;`')[1] ?? '';
  const entries = functions
    .trim()
    .split(betweenEntries)
    .filter((one) => one !== '')
    .map(starterOf);
  entries.push(`${name === identifier ? name : `'${name}'`}: () => runProcess(${definition}, digest())`);
  if (!text.includes(start) && text.split(directStart).length !== 2) throw unexpected(`it lacks the line \`${start}\``);
  const imports = `import { ${identifier} as ${definition} } from './${name}/definition.ts';\n`;
  const made = `lambdaHandler(${definition}, digest);\n`;
  const doc = `/** The handler of ${name} behind an event source mapping: \`dist/functions.${name}\`. */\n`;
  const exported =
    name === identifier
      ? `export const ${identifier} = ${made}`
      : `const ${identifier} = ${made}\nexport { ${identifier} as '${name}' };\n`;
  return afterLast(
    afterLast(text, localImport, imports, 'it imports nothing from beside it'),
    handler,
    `\n${doc}${exported}`,
    'it exports no handler made by `lambdaHandler(...Definition, digest)`',
  )
    .replace(table, () => `const functions = {\n  ${entries.join(',\n  ')},\n} as const;`)
    .replace(directStart, () => start);
}

function starterOf(text: string): string {
  const [, quote = '', name = '', definition, started] = entry.exec(text) ?? [];
  if (name === '') throw unexpected(`the table has the entry \`${text.slice(0, 80)}\``);
  return `${quote}${name}${quote}: () => runProcess(${definition ?? started}, digest())`;
}

function only(text: string, pattern: RegExp, what: string): RegExpMatchArray {
  const [first, ...others] = text.matchAll(pattern);
  if (first === undefined || others.length > 0)
    throw unexpected(`${what} was expected, and ${others.length + (first ? 1 : 0)} found`);
  return first;
}

function afterLast(text: string, pattern: RegExp, addition: string, lack: string): string {
  const last = [...text.matchAll(pattern)].at(-1);
  if (last === undefined) throw unexpected(lack);
  const end = last.index + last[0].length;
  return text.slice(0, end) + addition + text.slice(end);
}
