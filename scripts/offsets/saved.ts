import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { localDir } from '../../infra/cluster/jars.ts';
import { CommandError } from '../support/command.ts';
import { type OffsetsFile, offsetsFileText, parseOffsetsFile } from './offsets-file.ts';

/** Whose offsets a file holds. */
export interface Saved {
  readonly clusterId: string | null;
  readonly groupId: string;
  readonly topic: string;
}

/** A folder for each group and topic. A group may be called `..`. */
function folderOf({ groupId, topic }: Saved): string {
  const name = (text: string): string => (/^\.+$/.test(text) ? `_${text}` : text);
  return join(localDir(), 'offsets', name(groupId), name(topic));
}

/** Keeps the offsets that are about to be changed, for this user only, and says where. */
export function saveOffsets(saved: Saved, rows: OffsetsFile['rows'], at: Date): string {
  const folder = folderOf(saved);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stamp = at.toISOString().replaceAll(':', '');
  const path = join(folder, `${stamp}.csv`);
  const facts = {
    group: saved.groupId,
    cluster: saved.clusterId ?? '',
    saved: `${at.toISOString()}, before these were changed`,
  };
  // Never over another: two changes within a millisecond are one too many.
  writeFileSync(path, offsetsFileText({ facts, rows }), { mode: 0o600, flag: 'wx' });
  return relative(process.cwd(), path);
}

/** Takes a file back whose change was not made: `undo` must not find it. */
export function forgetSaved(path: string): void {
  rmSync(path, { force: true });
}

/**
 * The offsets that were saved last for a group and topic of this cluster.
 * @throws CommandError when there are none
 */
export function lastSaved(saved: Saved): { path: string; file: OffsetsFile } {
  const folder = folderOf(saved);
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.csv')) : [];
  for (const name of names.sort().reverse()) {
    const path = relative(process.cwd(), join(folder, name));
    const file = readOffsetsFile(path);
    if (file.facts.cluster === (saved.clusterId ?? '')) return { path, file };
  }
  throw new CommandError(
    `nothing to undo: no offsets of ${saved.groupId} on ${saved.topic} of this cluster are saved under ${relative(process.cwd(), folder)}`,
  );
}

/**
 * Reads a file of offsets.
 * @throws CommandError
 */
export function readOffsetsFile(path: string): OffsetsFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandError(`${path} cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
  return parseOffsetsFile(path, text);
}
