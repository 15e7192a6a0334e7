import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A folder with these files, by their names in it: nothing else can get into the image, and the bundles that were certified
 * are those that do, whoever builds others meanwhile. It stays, for the engine's cache and for whoever runs the command by
 * hand.
 */
export function stage(parent: string, files: ReadonlyMap<string, Buffer>): string {
  const hash = createHash('sha256');
  // Names and lengths are part of it: what has this name holds these files and no others.
  for (const [name, text] of files) hash.update(`${name} ${text.length}\n`).update(text);
  const folder = join(parent, hash.digest('hex').slice(0, 12));
  for (const [name, text] of files) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    // Made outside and renamed: the folder never holds half a file.
    const beside = `${folder}.${process.pid}`;
    writeFileSync(beside, text);
    renameSync(beside, path);
  }
  return folder;
}
