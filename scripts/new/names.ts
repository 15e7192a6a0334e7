/** A kebab-case name in the shapes that code and templates need. */
export interface Names {
  /** As typed: the folder, the function's name, and what it is started with. */
  readonly name: string;
  /** `quote-spreads` is `quoteSpreads`. */
  readonly identifier: string;
  /** `quote-spreads` is `QuoteSpreads`. */
  readonly typeName: string;
}

/** With `hft-engine-<stage>-` before it, a Lambda function's name has at most 64 characters. */
const longestName = 40;

/** Folders of `functions/` that hold no function, and names that commands and tests go by. */
const takenFolders = ['runtime', 'hosts', 'kafka', 'shared', 'main', 'examples'];

/** What the generated files declare or import themselves. */
const takenIdentifiers = [
  'test',
  'expect',
  'invoke',
  'createRecord',
  'outputs',
  'deadLetters',
  'headers',
  'code',
  'value',
  'key',
];

/** They are no names in an ES module, or are the bundle's own. */
const words =
  'await break case catch class const continue debugger default delete do else enum export extends false finally for ' +
  'function if implements import in instanceof interface let new null package private protected public return static ' +
  'super switch this throw true try typeof var void while with yield arguments eval require module exports';
const reservedWords = new Set(words.split(' '));

/** The shapes of a name. It is not checked here. */
export function namesOf(name: string): Names {
  const identifier = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return { name, identifier, typeName: identifier.charAt(0).toUpperCase() + identifier.slice(1) };
}

/** Names that cannot be given again. */
export interface TakenNames {
  /** Identifiers that mean something in functions/main.ts. */
  readonly taken: ReadonlySet<string>;
  /** Whether something has this path, from the root of the repository. It is asked of well-formed names only. */
  readonly exists: (path: string) => boolean;
}

/** What keeps a text from being the name of a new function, one line each. */
export function nameProblems(name: string, { taken, exists }: TakenNames): string[] {
  const shown = JSON.stringify(name.slice(0, 60));
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    return [
      `the name is ${shown}, but takes lower-case words of letters and digits, with dashes between (quote-spreads)`,
    ];
  }
  const { identifier } = namesOf(name);
  const problems: string[] = [];
  if (name.length > longestName) {
    problems.push(`the name has ${name.length} characters, but takes at most ${longestName}`);
  }
  // Any global, and what every object has: an import of that name would hide it.
  if (reservedWords.has(identifier) || takenFolders.includes(name) || identifier in globalThis) {
    problems.push(`the name ${shown} is a reserved word here`);
  } else if (exists(`functions/${name}`)) {
    problems.push(`there is a function ${name} already, in functions/${name}`);
  } else if (exists(`test/unit/${name}`)) {
    problems.push(`the name ${shown} is taken: test/unit/${name} is there already`);
  } else if (takenIdentifiers.includes(identifier) || taken.has(identifier) || taken.has(`${identifier}Definition`)) {
    problems.push(`the name ${shown} is taken: ${identifier} means something else in functions/main.ts or in its test`);
  }
  return problems;
}
