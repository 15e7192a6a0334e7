import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bundle, buildBundle, bundles } from '../support/bundle.ts';
import { type Gate, requireCertificates } from '../support/certificate.ts';
import { CommandError } from '../support/command.ts';
import { type Advisories, advisoryProblems, askAdvisories } from './advisories.ts';
import { inspectArchives, type PackagedArchive, type PackagedBundle } from './archives.ts';
import { templateProblems } from './check-template.ts';
import { dependencyProblems, deprecatedPackages, productionPackages, readLock } from './locked.ts';
import type { Target } from './options.ts';
import { sbomOf, writeSbom } from './sbom.ts';
import { packageFolder, runServerless } from './serverless.ts';
import { readTemplate, type Template } from './template.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const templateName = 'cloudformation-template-update-stack.json';

/** A package on disk, checked. */
export interface Packaged {
  readonly target: Target;
  readonly template: Template;
  readonly templatePath: string;
  readonly archives: readonly PackagedArchive[];
  readonly bundles: readonly PackagedBundle[];
  /** What is in each bundle, as CycloneDX. */
  readonly sbom: { readonly path: string; readonly packages: number };
  /** What is known of all production dependencies, in a bundle or not. */
  readonly dependencies: {
    readonly packages: number;
    readonly deprecated: readonly string[];
    readonly advisories: Advisories;
  };
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/**
 * Builds the bundles, packages each function with its own for a stage and checks what came out. Nothing of an account is
 * needed or touched.
 * @throws CommandError when a bundle is refused or the package is not what it must be
 */
export async function packageStage(target: Target, gate: Gate): Promise<Packaged> {
  const made = await Promise.all(bundles.map((bundle) => buildBundle(bundle)));
  const packagedBundles = requireCertificates(
    bundles.map(({ outfile: name }, index) => {
      const { path, bytes } = made[index] as Bundle; // there are as many
      return { name, bytes, sha256: sha256(readFileSync(path)) };
    }),
    gate,
  );
  const folder = packageFolder(target);
  // Made beside and renamed: what is there is whole and checked, and two at once do not meet.
  const work = `${folder}.${process.pid}`;
  const lock = readLock();
  const end = new AbortController();
  const asked = askAdvisories(lock, end.signal);
  try {
    await runServerless('package', target, work);
    const template = readTemplate(join(work, templateName));
    const advisories = await asked;
    const { archives, problems } = inspectArchives(template, work, packagedBundles);
    problems.push(...templateProblems(template), ...dependencyProblems(lock));
    // Who only looks is told of them, in the list of what is in the bundles.
    if (gate !== 'only looking') problems.push(...advisoryProblems(advisories));
    if (problems.length > 0) throw new CommandError(`The package is refused:\n  ${problems.join('\n  ')}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(work, folder);
    const sbom = sbomOf(lock, made, advisories);
    return {
      target,
      template,
      templatePath: join(folder, templateName),
      archives: archives.map((archive) => ({ ...archive, path: join(folder, basename(archive.path)) })),
      bundles: packagedBundles,
      sbom: { path: writeSbom(sbom), packages: sbom.components.filter(({ type }) => type === 'library').length },
      dependencies: {
        ...{ packages: productionPackages(lock).length, deprecated: deprecatedPackages(lock), advisories },
      },
    };
  } finally {
    end.abort();
    rmSync(work, { recursive: true, force: true });
  }
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
