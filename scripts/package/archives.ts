import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { BundleName } from '../support/bundle.ts';
import type { CertificateState } from '../support/certificate.ts';
import { holdsSecret } from './check-template.ts';
import { type Resource, resourcesOf, type Template } from './template.ts';
import { readZip } from './zip.ts';

/** A bundle that may travel. */
export interface PackagedBundle {
  readonly name: BundleName;
  readonly bytes: number;
  readonly sha256: string;
  readonly certificate: CertificateState;
}

/** The archive of one function. */
export interface PackagedArchive {
  readonly function: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The bundle that is in it, and nothing else. */
  readonly bundle: BundleName;
}

/** The archives of a template's functions, and what is wrong with them. */
export interface Inspected {
  readonly archives: PackagedArchive[];
  readonly problems: string[];
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Looks into the archive of every function: the bundle that its handler is in has to be all of it, as it was built. */
export function inspectArchives(template: Template, folder: string, bundles: readonly PackagedBundle[]): Inspected {
  const archives: PackagedArchive[] = [];
  const problems: string[] = [];
  for (const [id, resource] of resourcesOf(template, 'AWS::Lambda::Function')) {
    const { file, handlerName, bundleName } = namesOf(resource);
    const bundle = bundles.find(({ name }) => name === bundleName);
    if (bundle === undefined) {
      problems.push(`${id}: its handler is in ${bundleName}, which is none of the bundles`);
      continue;
    }
    const path = join(folder, file);
    const bytes = readFileSync(path);
    problems.push(...archiveProblems(id, resource, bytes, bundle));
    archives.push({ function: handlerName, path, bytes: bytes.length, sha256: sha256(bytes), bundle: bundle.name });
  }
  return { archives, problems };
}

/** `dist/database.storage` is the export `storage` of dist/database.mjs; its archive's name is the end of the key in S3. */
function namesOf({ Properties = {} }: Resource): { file: string; handlerName: string; bundleName: string } {
  const [module = '', handlerName = ''] = String(Properties.Handler).split('.');
  return { file: basename(String(Properties.Code?.S3Key)), handlerName, bundleName: `${module}.mjs` };
}

function archiveProblems(id: string, { Metadata }: Resource, archive: Buffer, bundle: PackagedBundle): string[] {
  const entries = readZip(archive);
  const names = entries.map(({ name }) => name);
  const content = entries.find(({ name }) => name === bundle.name)?.content;
  const problems: string[] = [];
  if (content === undefined || entries.length !== 1) {
    problems.push(`${id}: its archive holds ${names.join(', ') || 'nothing'}, not ${bundle.name} alone`);
  }
  const text = content?.toString('utf8') ?? '';
  if (holdsSecret(text)) problems.push(`${bundle.name} holds what looks like a key`);
  if (/^\/\/# sourceMappingURL=/m.test(text)) problems.push(`${bundle.name} names a source map`);
  if (content && (sha256(content) !== bundle.sha256 || Metadata?.BundleSha256 !== bundle.sha256)) {
    problems.push(`${bundle.name} changed while it was packaged: someone else builds it too; try again`);
  }
  return problems;
}
