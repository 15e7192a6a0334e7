import { relative } from 'node:path';
import type { Packaged } from './package-stage.ts';

const kb = (bytes: number): string => `${Math.round(bytes / 1_024)} KB`;
const here = (path: string): string => relative(process.cwd(), path);

/** What was packaged, for a person. */
export function packagedText({ target, template, templatePath, archive, bundle, certificate, sbom }: Packaged): string {
  const cluster = target.variant === 'msk' ? 'an MSK cluster' : 'a self-managed cluster';
  return [
    `Packaged for stage ${target.stage}, ${cluster}. Nothing was sent anywhere.`,
    `  archive      ${here(archive.path)}, ${kb(archive.bytes)}, sha256 ${archive.sha256}`,
    `  in it        ${bundle.name} alone, ${kb(bundle.bytes)}, sha256 ${bundle.sha256}`,
    `  certificate  ${certificate}`,
    `  sbom         ${here(sbom.path)}, the packages in the bundles (${sbom.packages}), CycloneDX 1.6`,
    `  template     ${here(templatePath)}, ${Object.keys(template.Resources).length} resources`,
    '',
  ].join('\n');
}

/** The same for a program. */
export function packagedJson({ target, template, templatePath, archive, bundle, certificate, sbom }: Packaged): object {
  return {
    ...target,
    archive: { ...archive, entries: [bundle.name] },
    bundle,
    certificate,
    sbom,
    template: { path: templatePath, resources: Object.keys(template.Resources).length },
  };
}
