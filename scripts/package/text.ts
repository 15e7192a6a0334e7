import { relative } from 'node:path';
import { printable } from '../support/words.ts';
import { advisoriesInShort, advisoryText } from './advisories.ts';
import type { Packaged } from './package-stage.ts';

const kb = (bytes: number): string => `${Math.round(bytes / 1_024)} KB`;
const here = (path: string): string => relative(process.cwd(), path);

/** What was packaged, for a person. */
export function packagedText({
  target,
  template,
  templatePath,
  archives,
  bundles,
  sbom,
  dependencies,
}: Packaged): string {
  const { packages, deprecated, advisories } = dependencies;
  const cluster = target.variant === 'msk' ? 'an MSK cluster' : 'a self-managed cluster';
  return [
    `Packaged for stage ${target.stage}, ${cluster}. Nothing was deployed.`,
    ...bundles.flatMap(({ name, bytes, sha256, certificate }) => [
      `  bundle       ${name}, ${kb(bytes)}, sha256 ${sha256}`,
      `  certificate  ${certificate}`,
    ]),
    ...archives.flatMap(({ path, bytes, sha256, bundle }) => [
      `  archive      ${here(path)}, ${kb(bytes)}, ${bundle} alone in it`,
      `               sha256 ${sha256}`,
    ]),
    `  sbom         ${here(sbom.path)}, the packages in the bundles (${sbom.packages}), CycloneDX 1.6`,
    `  packages     ${packages} for production, each pinned by a SHA-512, none with an install script, ` +
      `${deprecated.length === 0 ? 'none' : deprecated.length} deprecated`,
    ...deprecated.map((line) => `               ${printable(line)}`),
    'notChecked' in advisories || advisories.found.length === 0
      ? `  advisories   ${advisoriesInShort(advisories)}`
      : `  advisories   ${advisories.found.map((one) => printable(advisoryText(one))).join('\n               ')}`,
    `  template     ${here(templatePath)}, ${Object.keys(template.Resources).length} resources`,
    '',
  ].join('\n');
}

/** The same for a program. */
export function packagedJson({ target, template, templatePath, ...made }: Packaged): object {
  return {
    ...{ ...target, ...made },
    template: { path: templatePath, resources: Object.keys(template.Resources).length },
  };
}
