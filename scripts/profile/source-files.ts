import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { sourcesOfLines } from '../support/bundle.ts';
import { CommandError } from '../support/command.ts';
import type { CpuProfile } from './profile-tree.ts';

type CallFrame = CpuProfile['nodes'][number]['callFrame'];

/**
 * The source file that a function of a profile is in: of the bundle by its lines, of anything else as V8 names it (`node:net`);
 * empty for what is native.
 */
export type SourceOf = (frame: CallFrame) => string;

/** For profiles of the bundle of all functions. Throws CommandError when it is not what its sources make now. */
export async function sourcesOfBundle(bundle: string): Promise<SourceOf> {
  const files = await sourcesOfLines('functions/main.ts');
  const lines = readFileSync(bundle, 'utf8').split('\n').length;
  if (lines !== files.length) {
    throw new CommandError(`${bundle} has ${lines} lines, its sources make ${files.length}: run npm run build first`);
  }
  return sourceOfLines(basename(bundle), files);
}

/** The same for a bundle of that name, with the file of each of its lines, from 0. */
export function sourceOfLines(name: string, files: readonly (string | undefined)[]): SourceOf {
  return ({ url, lineNumber }) => {
    if (url === '' || url.startsWith('node:')) return url;
    return url.endsWith(`/${name}`) ? (files[lineNumber] ?? '') : url.replace(/^file:\/\//, '');
  };
}
