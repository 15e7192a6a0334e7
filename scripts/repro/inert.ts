/**
 * Text of a record, for a file that will be run. Nobody knows who wrote it, so nothing in it may end a literal or a comment,
 * or be a directive: test runners, compilers and linters look for theirs (`@vitest-environment`, `//# sourceMappingURL`)
 * in comments and even in literals.
 */

const plain = /^[\p{L}\p{N} _.,:;()[\]{}<>=+\-/'!?%&|~^]$/u;
const longestComment = 160;

/** A string literal that means exactly this text. */
export function literal(text: string): string {
  let written = '';
  for (const character of text) {
    if (plain.test(character)) written += character;
    else for (let unit = 0; unit < character.length; unit += 1) written += escaped(character.charCodeAt(unit));
  }
  return `"${written}"`;
}

function escaped(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}

/** The beginning of a text, on one line, for a comment that starts with words of our own. */
export function commentText(text: string): string {
  const line = text.slice(0, longestComment).replace(/[^\p{L}\p{N} _.,:;()[\]{}<>=+\-/'"!?%&|~^$]/gu, '?');
  return text.length > longestComment ? `${line} ...` : line;
}
