import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type Certificate,
  readCertificates,
  refusalOf,
  requireCertificate,
  requireCertificates,
  waiverProblems,
  writeCertificates,
} from '../../../scripts/support/certificate.ts';

const certificate: Certificate = {
  passed: true,
  bundle: { path: 'dist/functions.mjs', sha256: 'ab'.repeat(32), bytes: 1 },
  at: '2026-11-24T00:00:00.000Z',
  versions: {},
  hosts: [],
  differences: [],
  cannot: [],
};

const digest = 'ab'.repeat(32);
const other = { ...certificate, bundle: { ...certificate.bundle, sha256: 'ef'.repeat(32) } };

describe('a bundle', () => {
  test('with a passing certificate of its digest may travel, whatever other bundles have', () => {
    expect(refusalOf(digest, [{ ...other, passed: false }, certificate])).toBeUndefined();
  });

  test.each<[what: string, sha256: string, found: readonly Certificate[], says: RegExp]>([
    ['without a certificate', digest, [], /bundle abababababab has no certificate: run npm run certify/],
    [
      'of another digest',
      'cd'.repeat(32),
      [certificate, other],
      /is of bundle abababababab and ef\w+, not of cdcdcdcdcdcd/,
    ],
    [
      'that failed, though another passed',
      digest,
      [other, { ...certificate, passed: false }],
      /failed its conformance/,
    ],
    ['whose certificate is something else', digest, [{} as Certificate], /is of bundle undefined/],
  ])('%s may not', (_what, sha256, found, says) => {
    expect(refusalOf(sha256, found)).toMatch(says);
  });

  test('has none where the file is missing, no JSON, or JSON of something else', () => {
    for (const file of ['no/such/file.json', 'README.md', 'package.json']) expect(readCertificates(file)).toEqual([]);
  });

  test('is taken without one when its own digest is named, among others or alone', () => {
    for (const uncertified of [digest, `${'cd'.repeat(32)},${digest}`]) {
      expect(requireCertificate(digest, { uncertified }, '/none')).toBe('waived');
    }
    expect(() => requireCertificate(digest, { uncertified: 'cd'.repeat(32) }, '/none')).toThrow(/has no certificate/);
    expect(waiverProblems(`${digest},all`)).toEqual([expect.stringContaining("not 'all'")]);
  });
});

test('a package is refused for each of its bundles that has none, whatever the others have', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hft-certificates-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'certificate.json');
  writeCertificates([certificate, { ...other, passed: false }], path);
  const functions = { name: 'dist/functions.mjs', bytes: 1, sha256: digest } as const;
  const database = { name: 'dist/database.mjs', bytes: 1, sha256: other.bundle.sha256 } as const;
  const gate = { uncertified: undefined };

  expect(requireCertificates([functions], gate, path)).toEqual([{ ...functions, certificate: 'passing' }]);
  expect(() => requireCertificates([functions, database], gate, path)).toThrow(
    /^dist\/database\.mjs: bundle efefefefefef failed its conformance suite/,
  );
  expect(() => requireCertificates([functions, { ...database, sha256: '0'.repeat(64) }], gate, path)).toThrow(
    /^dist\/database\.mjs: the certificate is of bundle abababababab and efefefefefef, not of 000000000000/,
  );
  const waived = requireCertificates([functions, database], { uncertified: database.sha256 }, path);
  expect(waived.map((one) => one.certificate)).toEqual(['passing', 'waived']);
});
