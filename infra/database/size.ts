import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { serverFiles } from './layout.ts';

/** What a server takes on its disk, bytes. */
export interface ServerSize {
  /** All of it: tables, log of changes, copies that wait to be sent. */
  readonly all: number;
  /** Tables and indexes. */
  readonly tables: number;
}

/** The size of a server, running or not; nothing where there is none. */
export function sizeOf(home: string, id: number): ServerSize {
  const { data } = serverFiles(home, id);
  return { all: bytesIn(data), tables: bytesIn(join(data, 'base')) };
}

/** Files come and go meanwhile: what is not there any more takes nothing. */
function bytesIn(folder: string): number {
  let bytes = 0;
  for (const { name, isFolder } of entriesOf(folder)) {
    const path = join(folder, name);
    if (isFolder) bytes += bytesIn(path);
    else bytes += (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512;
  }
  return bytes;
}

function entriesOf(folder: string): { name: string; isFolder: boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).map((one) => ({ name: one.name, isFolder: one.isDirectory() }));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
