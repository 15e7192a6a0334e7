import { describe, expect, test } from 'vitest';
import { type Certificate, readCertificate, refusalOf } from '../../../scripts/support/certificate.ts';

const certificate: Certificate = {
  passed: true,
  bundle: { path: 'dist/functions.mjs', sha256: 'ab'.repeat(32), bytes: 1 },
  at: '2026-11-24T00:00:00.000Z',
  versions: {},
  hosts: [],
  differences: [],
  cannot: [],
};

describe('a bundle', () => {
  test('with a passing certificate of its digest may travel', () => {
    expect(refusalOf('ab'.repeat(32), certificate)).toBeUndefined();
  });

  test.each<[what: string, sha256: string, found: Certificate | undefined, says: RegExp]>([
    [
      'without a certificate',
      'ab'.repeat(32),
      undefined,
      /bundle abababababab has no certificate: run npm run certify/,
    ],
    ['of another digest', 'cd'.repeat(32), certificate, /is of bundle abababababab, not of cdcdcdcdcdcd/],
    ['that failed', 'ab'.repeat(32), { ...certificate, passed: false }, /failed its conformance suite/],
    ['whose certificate is something else', 'ab'.repeat(32), {} as Certificate, /is of bundle undefined/],
  ])('%s may not', (_what, sha256, found, says) => {
    expect(refusalOf(sha256, found)).toMatch(says);
  });

  test('has none where the file is missing or no JSON', () => {
    expect(readCertificate('no/such/file.json')).toBeUndefined();
    expect(readCertificate('README.md')).toBeUndefined();
  });
});
