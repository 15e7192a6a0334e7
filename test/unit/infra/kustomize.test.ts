import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type Manifest, renderKustomization } from '../../support/manifests/kustomize.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/kustomize', import.meta.url));

test.each([
  ['overlay', 'expected.yaml'],
  ['variant', 'expected-variant.yaml'],
])('kustomizations are read as kubectl reads them: %s', (folder, file) => {
  const made = readFileSync(join(fixtures, file), 'utf8').replaceAll(/(name: settings)-[a-z0-9]{10}$/gm, '$1');
  const expected = parseAllDocuments(made).map((document) => document.toJS() as Manifest);
  const byKind = (a: Manifest, b: Manifest): number => a.kind.localeCompare(b.kind);
  expect(renderKustomization(join(fixtures, folder)).sort(byKind)).toEqual(expected.sort(byKind));
});

test('labels that would go into selectors of a network policy are refused: kubectl puts them into those of whom it lets in', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hft-kustomize-'));
  await writeFile(
    join(folder, 'kustomization.yaml'),
    'resources: [policy.yaml]\nlabels: [{ pairs: { a: b }, includeSelectors: true }]',
  );
  await writeFile(join(folder, 'policy.yaml'), 'kind: NetworkPolicy\nmetadata: { name: a }\nspec: { podSelector: {} }');
  expect(() => renderKustomization(folder)).toThrow('includeSelectors of a NetworkPolicy is not read');
  await rm(folder, { recursive: true });
});

test.each([
  ['patches: [{ options: {} }]', 'patches.options is not read'],
  ["patches: [{ target: { kind: Deployment, name: a }, patch: '' }]", 'there is no Deployment a to patch'],
  ["patches: [{ target: { name: a }, patch: '[]' }]", 'there is no object a to patch'],
  ['namePrefix: a', 'namePrefix is not read'],
  ['configMapGenerator: [{ name: a, files: [b] }]', 'configMapGenerator.files is not read'],
  ['configMapGenerator: [{ name: a, behavior: merge, literals: [] }]', 'there is no a to merge with'],
  ['resources: [gone.yaml]', 'ENOENT'],
])('a kustomization with %s is refused, not half read', async (text, says) => {
  const folder = await mkdtemp(join(tmpdir(), 'hft-kustomize-'));
  await writeFile(join(folder, 'kustomization.yaml'), text);
  expect(() => renderKustomization(folder)).toThrow(says);
  await rm(folder, { recursive: true });
});
