import { transform } from 'esbuild';

/**
 * A bundle without what only its making needed: which file each part came from, marks for tree shaking, and half of the
 * spaces at the beginning of lines. The program stays the same: printed without white space, both are one text.
 */
export async function tidy(text: string): Promise<string> {
  const unmarked = text
    .replace(/^ *\/\/ (functions|node_modules|slim:)\/?.*\n/gm, '')
    .replaceAll('/* @__PURE__ */ ', '')
    // The name of a CommonJS module's function, in stacks and profiles.
    .replace(/^ {2}"(?:node_modules\/|slim:)([^"\n]+)"\(/gm, '  "$1"(');
  const tidied = tabbed(unmarked);
  if ((await bare(unmarked)) !== (await bare(tidied))) throw new Error('The bundle changed while it was tidied.');
  return tidied;
}

/** A tab for each two spaces at the beginning of a line; lines inside of a template stay as they are. */
function tabbed(text: string): string {
  let isInside = false;
  const lines = text.split('\n').map((line) => {
    const tabbed = isInside ? line : line.replace(/^(?: {2})+/, (spaces) => '\t'.repeat(spaces.length / 2));
    if ((line.match(/(?<!\\)`/g)?.length ?? 0) % 2 === 1) isInside = !isInside;
    return tabbed;
  });
  return lines.join('\n');
}

async function bare(text: string): Promise<string> {
  const { code } = await transform(text, { minifyWhitespace: true, loader: 'js', format: 'esm' });
  return code;
}
