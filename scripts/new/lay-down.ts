import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CommandError } from '../support/command.ts';
import { decodeText, definitionText, testText } from './code-text.ts';
import { addToMain } from './edit-main.ts';
import { addDeployed, addToServerless } from './edit-serverless.ts';
import { addPinnedTopics, addTopics } from './edit-topics.ts';
import { formatted } from './format.ts';
import type { NewFunction } from './options.ts';

/** A file as it is to be: its path from the root of the repository. */
export interface FileChange {
  readonly path: string;
  readonly kind: 'new' | 'changed';
  readonly text: string;
}

const pinnedTopics = 'test/unit/cluster/topics.test.ts';

/**
 * Everything that a new function is made of, worked out before anything is written.
 * @throws CommandError when a file that must be changed is not written as it was known to be
 */
export function filesOf(root: string, spec: NewFunction): FileChange[] {
  const { name, declare } = spec;
  const made = (path: string, text: string): FileChange => ({
    path,
    kind: 'new',
    text: path.endsWith('.ts') ? formatted(root, path, text) : text,
  });
  function changed(path: string, change: (text: string) => string): FileChange[] {
    const before = readOrRefuse(root, path);
    const after = change(before);
    if (after === before) return [];
    return [{ path, kind: 'changed', text: path.endsWith('.ts') ? formatted(root, path, after) : after }];
  }
  const pins = existsSync(join(root, pinnedTopics));
  return [
    made(`functions/${name}/definition.ts`, definitionText(spec)),
    made(`functions/${name}/decode.ts`, decodeText(spec)),
    made(`test/unit/${name}/${name}.test.ts`, testText(spec)),
    ...changed('functions/main.ts', (text) => addToMain(text, spec)),
    ...changed('infra/serverless/functions.ts', (text) => addDeployed(text, spec)),
    ...(['serverless.yml', 'serverless.self-managed.yml'] as const).flatMap((path) =>
      changed(path, (text) => addToServerless(path, text, name)),
    ),
    ...changed('infra/topics.ts', (text) => addTopics(text, declare)),
    ...(pins ? changed(pinnedTopics, (text) => addPinnedTopics(text, declare)) : []),
  ];
}

function readOrRefuse(root: string, path: string): string {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    throw new CommandError(`${path} cannot be read. Nothing was written.`);
  }
}

/** Writes them: new files first, so that nothing refers to one that is not there yet. */
export function writeFiles(root: string, files: readonly FileChange[]): void {
  for (const { path, kind, text } of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    // A file that came into being meanwhile is somebody's.
    writeFileSync(join(root, path), text, { flag: kind === 'new' ? 'wx' : 'w' });
  }
}
