import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBundle, bundles } from '../support/bundle.ts';
import { type CertificateState, type Gate, requireCertificate } from '../support/certificate.ts';
import { CommandError } from '../support/command.ts';
import { holdsSecret, templateProblems } from './check-template.ts';
import { dependencyProblems, readLock } from './locked.ts';
import type { Target } from './options.ts';
import { sbomOf, writeSbom } from './sbom.ts';
import { packageFolder, runServerless } from './serverless.ts';
import { readTemplate, resourcesOf, type Template } from './template.ts';
import { readZip } from './zip.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bundleName = 'dist/functions.mjs';
const archiveName = 'hft-engine.zip';
const templateName = 'cloudformation-template-update-stack.json';

/** A package on disk, checked. */
export interface Packaged {
  readonly target: Target;
  readonly template: Template;
  readonly templatePath: string;
  readonly archive: { readonly path: string; readonly bytes: number; readonly sha256: string };
  readonly bundle: { readonly name: string; readonly bytes: number; readonly sha256: string };
  readonly certificate: CertificateState;
  /** What is in each bundle, as CycloneDX. */
  readonly sbom: { readonly path: string; readonly packages: number };
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/**
 * Builds the bundle, packages it for a stage and checks what came out. Nothing of an account is needed or touched.
 * @throws CommandError when the bundle is refused or the package is not what it must be
 */
export async function packageStage(target: Target, gate: Gate): Promise<Packaged> {
  const [, ...others] = bundles;
  const made = await buildBundle();
  const { path } = made;
  const built = sha256(readFileSync(path));
  const certificate = requireCertificate(built, gate);
  const folder = packageFolder(target);
  // Made beside and renamed: what is there is whole and checked, and two at once do not meet.
  const work = `${folder}.${process.pid}`;
  try {
    await runServerless('package', target, work);
    const template = readTemplate(join(work, templateName));
    const archive = readFileSync(join(work, archiveName));
    const { content, problems } = inspectArchive(archive);
    problems.push(...templateProblems(template));
    const lock = readLock();
    problems.push(...dependencyProblems(lock));
    const [[, handler] = []] = resourcesOf(template, 'AWS::Lambda::Function');
    if (content && (sha256(content) !== built || handler?.Metadata?.BundleSha256 !== built)) {
      problems.push('the bundle changed while it was packaged: someone else builds it too; try again');
    }
    if (problems.length > 0) throw new CommandError(`The package is refused:\n  ${problems.join('\n  ')}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(work, folder);
    const sbom = sbomOf(lock, [made, ...(await Promise.all(others.map((other) => buildBundle(other))))]);
    return {
      target,
      template,
      templatePath: join(folder, templateName),
      archive: { path: join(folder, archiveName), bytes: archive.length, sha256: sha256(archive) },
      bundle: { name: bundleName, bytes: content?.length ?? 0, sha256: built },
      certificate,
      sbom: { path: writeSbom(sbom), packages: sbom.components.filter(({ type }) => type === 'library').length },
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The bundle in an archive, and whatever else is wrong with it. */
function inspectArchive(archive: Buffer): { content: Buffer | undefined; problems: string[] } {
  const entries = readZip(archive);
  const names = entries.map(({ name }) => name);
  const content = entries.find(({ name }) => name === bundleName)?.content;
  const text = content?.toString('utf8') ?? '';
  const problems: string[] = [];
  if (content === undefined || entries.length !== 1) {
    problems.push(`the archive holds ${names.join(', ') || 'nothing'}, not ${bundleName} alone`);
  }
  if (holdsSecret(text)) problems.push(`${bundleName} holds what looks like a key`);
  if (/^\/\/# sourceMappingURL=/m.test(text)) problems.push(`${bundleName} names a source map`);
  return { content, problems };
}

/** Where the last deployed (or saved) template of a target is kept, to compare with. */
export function keptTemplatePath({ stage, variant }: Target): string {
  return join(root, '.local', 'deployed', `${stage}-${variant}.json`);
}

/** Keeps the template as what the stage has now. */
export function keepTemplate({ target, templatePath }: Packaged): string {
  const path = keptTemplatePath(target);
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(templatePath, path);
  return path;
}
