import { describe, expect, test } from 'vitest';
import {
  type Certificate,
  readCertificates,
  refusalOf,
  requireCertificate,
  waiverProblems,
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
