import { inflateRawSync } from 'node:zlib';
import { CommandError } from '../support/command.ts';

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly content: Buffer;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const stored = 0;
const deflated = 8;

/** The files of a small zip archive, read by its central directory: what an unpacking reader will find, and no more. */
export function readZip(archive: Buffer): ZipEntry[] {
  const end = archive.lastIndexOf(Buffer.from(Uint32Array.of(endSignature).buffer));
  if (end < 0) throw new CommandError('The archive has no end of directory: it is no zip');
  const entries: ZipEntry[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let count = archive.readUInt16LE(end + 10); count > 0; count -= 1) {
    if (archive.readUInt32LE(at) !== entrySignature) throw new CommandError('The archive has a broken directory');
    const method = archive.readUInt16LE(at + 10);
    const packedBytes = archive.readUInt32LE(at + 20);
    const nameBytes = archive.readUInt16LE(at + 28);
    const local = archive.readUInt32LE(at + 42);
    const name = archive.toString('utf8', at + 46, at + 46 + nameBytes);
    // The local header repeats the name, and has extra fields of its own.
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const packed = archive.subarray(start, start + packedBytes);
    if (method !== stored && method !== deflated)
      throw new CommandError(`${name} is packed by unknown method ${method}`);
    entries.push({ name, content: method === deflated ? inflateRawSync(packed) : packed });
    at += 46 + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return entries;
}
