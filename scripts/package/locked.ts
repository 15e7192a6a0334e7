import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A package as the lock file has it. */
export interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  /** Why its author wants nobody to take it any more. */
  readonly deprecated?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** The lock file: packages by where they are installed; the project itself at ''. */
export interface Lock {
  readonly name: string;
  readonly version: string;
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** Licences that ask for no more than their own text. */
const allowedLicences: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
]);

export function readLock(): Lock {
  return JSON.parse(readFileSync(fileURLToPath(new URL('../../package-lock.json', import.meta.url)), 'utf8')) as Lock;
}

/** The name of a package by where it is installed: `node_modules/a/node_modules/@b/c` has `@b/c`. */
export function nameAt(location: string): string {
  return location.slice(location.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** Where the packages are that a bundle may take from: `dependencies`, and all that these depend on. */
export function productionPackages({ packages }: Lock): string[] {
  const found = new Set<string>();
  const { dependencies = {}, optionalDependencies = {} } = packages[''] ?? {};
  // Optional ones of the project itself are Node and the local servers: npm may write them down in both places.
  const own = Object.keys(dependencies).filter((name) => !Object.hasOwn(optionalDependencies, name));
  const waiting = own.map((name) => ({ name, from: '' }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const location = locate(packages, next.name, next.from);
    if (location === undefined || found.has(location)) continue;
    found.add(location);
    const needs = packages[location] ?? {};
    for (const name of Object.keys({ ...needs.dependencies, ...needs.optionalDependencies })) {
      waiting.push({ name, from: location });
    }
  }
  return [...found].sort();
}

/** As Node looks for a package: beside the one that asks, and then further up. */
function locate(packages: Lock['packages'], name: string, from: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const location = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (packages[location] !== undefined) return location;
    if (folder === '') return undefined; // an optional one that is not installed
  }
}

/** Production dependencies that their authors have given up, and in which words: known without a registry. */
export function deprecatedPackages(lock: Lock): string[] {
  return productionPackages(lock).flatMap((location) => {
    const { deprecated, version } = lock.packages[location] ?? {};
    return deprecated === undefined ? [] : [`${nameAt(location)} ${version}: ${deprecated}`];
  });
}

/** What is wrong with the production dependencies: licences, install scripts, and what is not pinned by a hash. */
export function dependencyProblems(lock: Lock): string[] {
  return productionPackages(lock).flatMap((location) => {
    const { license, integrity, hasInstallScript } = lock.packages[location] ?? {};
    const problems: string[] = [];
    if (license === undefined || !allowedLicences.has(license)) {
      const allowed = [...allowedLicences].join(', ');
      problems.push(
        `${location} has licence ${license ?? 'none'}, and one of ${allowed} is expected: take another package`,
      );
    }
    if (hasInstallScript) problems.push(`${location} has an install script, which no production dependency may have`);
    if (!integrity?.startsWith('sha512-'))
      problems.push(`${location} has no SHA-512 in package-lock.json: install it anew`);
    return problems;
  });
}
