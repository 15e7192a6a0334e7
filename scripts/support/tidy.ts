import { type Message, transform } from 'esbuild';

/** What esbuild writes in front of the code of each file. */
const origin = /^ *\/\/ ((?:functions|node_modules|slim:)\/?.*)/;

/** A line of nothing but a comment: esbuild keeps those within classes and expressions. */
const comment = /^ +(?:\/\*\*.*\*\/|\/\/.*)$/;

/**
 * A bundle without what only its making needed: which file each part came from, marks for tree shaking, comments on lines
 * of their own (the lines stay), and most of the white space at the beginning of lines. The program stays the same:
 * printed without white space, both are one text.
 *
 * And what esbuild makes variables of is constant again: V8 compiles a constant of the module into the code that uses it,
 * a third of the time of a handler that works on arrays of its own.
 */
export async function tidy(text: string): Promise<string> {
  const unmarked = text
    .replace(new RegExp(`${origin.source}\n`, 'gm'), '')
    .replaceAll('/* @__PURE__ */ ', '')
    // The name of a CommonJS module's function, in stacks and profiles.
    .replace(/^ {2}"(?:node_modules\/|slim:)([^"\n]+)"\(/gm, '  "$1"(');
  const lines = unmarked.split('\n');
  const code = codeLines(lines);
  const tidied = lines.map((line, index) => {
    if (!code[index]) return line;
    return line.replace(comment, '').replace(/^(?: {2})+/, (spaces) => '\t'.repeat(spaces.length / 2));
  });
  const flat = withoutWrapperIndent(tidied, code);
  if ((await bare(unmarked)) !== (await bare(flat.join('\n')))) {
    throw new Error('The bundle changed while it was tidied.');
  }
  // Where a module is wrapped, what is declared in it is at the top of the module only.
  const isTop = tidied.map((line, index) => code[index] === true && line === flat[index]);
  return withConstants(flat, isTop);
}

/** The two functions that a CommonJS module is wrapped in do not indent it: its code begins where its file has it. */
function withoutWrapperIndent(lines: readonly string[], code: readonly boolean[]): string[] {
  let isWrapped = false;
  return lines.map((line, index) => {
    if (!code[index]) return line;
    if (isWrapped && line === '});') isWrapped = false;
    const kept = isWrapped ? line.replace(/^\t\t?/, '') : line;
    if (/^(?:var|const|let) \w+ = __commonJS\(\{$/.test(line)) isWrapped = true;
    return kept;
  });
}

/** Which lines do not begin inside of a template. */
function codeLines(lines: readonly string[]): boolean[] {
  let isInside = false;
  return lines.map((line) => {
    const isCode = !isInside;
    if ((line.match(/(?<!\\)`/g)?.length ?? 0) % 2 === 1) isInside = !isInside;
    return isCode;
  });
}

/** By line of the bundle that `tidy` makes of a text the file that it came from. */
export function sourcesOf(text: string): (string | undefined)[] {
  let file: string | undefined;
  return text.split('\n').flatMap((line) => {
    const [, found] = origin.exec(line) ?? [];
    if (found === undefined) return [file];
    file = found;
    return [];
  });
}

async function bare(text: string): Promise<string> {
  const { code } = await transform(text, { minifyWhitespace: true, loader: 'js', format: 'esm' });
  return code;
}

/** Declares as constants what is declared at the top and never assigned to again: esbuild says where it would be. */
async function withConstants(lines: readonly string[], code: readonly boolean[]): Promise<string> {
  const isConstant = lines.map((line, index) => code[index] === true && line.startsWith('var '));
  for (;;) {
    const text = lines.map((line, index) => (isConstant[index] ? line.replace('var ', 'const ') : line)).join('\n');
    const wrong = await assignedTo(text);
    if (wrong.length === 0) return text;
    for (const line of wrong) {
      const declared = isConstant.lastIndexOf(true, line - 1);
      if (declared === -1) throw new Error(`The bundle assigns to a constant that is declared at line ${line}.`);
      isConstant[declared] = false;
    }
  }
}

/** Lines of constants that have no value, or get another. */
async function assignedTo(text: string): Promise<number[]> {
  const linesOf = (messages: readonly Message[]): number[] =>
    messages.flatMap(({ location, notes }) => notes[0]?.location?.line ?? location?.line ?? []);
  try {
    const { warnings } = await transform(text, { loader: 'js', format: 'esm', logLevel: 'silent' });
    return linesOf(warnings.filter(({ id }) => id === 'assign-to-constant'));
  } catch (error) {
    const { errors } = error as { errors?: Message[] };
    if (errors === undefined) throw error;
    return linesOf(errors);
  }
}
