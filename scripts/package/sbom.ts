import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bundle } from '../support/bundle.ts';
import { CommandError } from '../support/command.ts';
import { type Advisories, advisoriesInShort } from './advisories.ts';
import { deprecatedPackages, type Lock, nameAt } from './locked.ts';

/** The parts of CycloneDX 1.6 that are used. https://cyclonedx.org/docs/1.6/json/ */
export interface Sbom {
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.6';
  readonly version: 1;
  readonly metadata: { readonly component: Component; readonly properties: readonly Property[] };
  readonly components: readonly Component[];
  /** Which bundles there are, and which packages have bytes in each. */
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Property {
  readonly name: string;
  readonly value: string;
}

interface Component {
  readonly 'bom-ref': string;
  readonly type: 'application' | 'file' | 'library';
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  readonly hashes?: readonly { readonly alg: 'SHA-256' | 'SHA-512'; readonly content: string }[];
  readonly licenses?: readonly { readonly license: { readonly id: string } }[];
}

/** Where the list is written: beside the packages. */
export const sbomPath = fileURLToPath(new URL('../../dist/sbom.json', import.meta.url));

/**
 * What is in the bundles, by what the bundler took. No time and no random number is in it: the same bundles and the same
 * answer about advisories, the same bytes.
 * @throws CommandError when a package of a bundle is not in the lock file
 */
export function sbomOf(lock: Lock, bundles: readonly Bundle[], advisories: Advisories): Sbom {
  const root = `${lock.name}@${lock.version}`;
  const locations = [...new Set(bundles.flatMap(({ packages }) => packages))].sort();
  const files = bundles.map(({ path }): Component => {
    const content = createHash('sha256').update(readFileSync(path)).digest('hex');
    return { 'bom-ref': basename(path), type: 'file', name: basename(path), hashes: [{ alg: 'SHA-256', content }] };
  });
  const license = lock.packages['']?.license;
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: { 'bom-ref': root, type: 'application', name: lock.name, version: lock.version, ...licences(license) },
      properties: [
        { name: 'hft-engine:advisories', value: advisoriesInShort(advisories) },
        { name: 'hft-engine:deprecated', value: deprecatedPackages(lock).join('; ') || 'none' },
      ],
    },
    components: [...files, ...locations.map((location) => library(lock, location))],
    dependencies: [
      { ref: root, dependsOn: files.map((file) => file['bom-ref']) },
      ...bundles.map(({ path, packages }) => ({
        ref: basename(path),
        dependsOn: packages.map((location) => library(lock, location)['bom-ref']),
      })),
    ],
  };
}

function library({ packages }: Lock, location: string): Component {
  const { version, license, integrity = '' } = packages[location] ?? {};
  const name = nameAt(location);
  if (version === undefined) {
    throw new CommandError(`a bundle holds ${location}, which is not in package-lock.json: run npm ci`);
  }
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const content = Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex');
  return {
    ...{ 'bom-ref': `${name}@${version}`, type: 'library', name, version, purl },
    ...{ hashes: [{ alg: 'SHA-512', content }], ...licences(license) },
  };
}

function licences(id: string | undefined): Pick<Component, 'licenses'> {
  return id === undefined ? {} : { licenses: [{ license: { id } }] };
}

/** Writes it beside and renames it: whoever reads finds a whole one. */
export function writeSbom(sbom: Sbom): string {
  writeFileSync(`${sbomPath}.${process.pid}`, `${JSON.stringify(sbom, null, 2)}\n`);
  renameSync(`${sbomPath}.${process.pid}`, sbomPath);
  return sbomPath;
}
