import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandError } from './command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where `npm run certify` leaves what it found. */
export const certificatePath = join(root, 'dist', 'certificate.json');

/** What the conformance suite found of one bundle. */
export interface Certificate {
  readonly passed: boolean;
  readonly bundle: { readonly path: string; readonly sha256: string; readonly bytes: number };
  readonly at: string;
  readonly versions: Readonly<Record<string, string>>;
  /** The cases that each host was put through. */
  readonly hosts: readonly HostResult[];
  /** Works whose results were not the same in two hosts. */
  readonly differences: readonly string[];
  /** What a host cannot do, and why: those cases are no part of its count. */
  readonly cannot: readonly { readonly host: string; readonly case: string; readonly why: string }[];
}

export interface HostResult {
  readonly host: string;
  readonly cases: number;
  readonly passed: number;
  readonly failed: readonly string[];
}

/** The certificate that was written last, or `undefined` when there is none that can be read. */
export function readCertificate(path = certificatePath): Certificate | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Certificate;
  } catch {
    return undefined;
  }
}

/** Why a bundle may not travel; `undefined` when its certificate is there and passing. */
export function refusalOf(sha256: string, certificate: Certificate | undefined): string | undefined {
  const short = sha256.slice(0, 12);
  if (certificate === undefined) return `bundle ${short} has no certificate: run npm run certify`;
  if (certificate.bundle?.sha256 !== sha256) {
    const other = String(certificate.bundle?.sha256).slice(0, 12);
    return `the certificate is of bundle ${other}, not of ${short}: run npm run certify again`;
  }
  if (certificate.passed !== true) return `bundle ${short} failed its conformance suite: see dist/certificate.json`;
  return undefined;
}

/** What is known of a bundle's certificate. */
export type CertificateState = 'passing' | 'waived' | 'missing';

/** Who asks: a package or an image may travel, so its bundle must be certified, or be named; looking needs neither. */
export type Gate = { readonly uncertified: string | undefined } | 'only looking';

/**
 * The gate between a bundle and where it runs: a bundle whose digest has no passing certificate in
 * `dist/certificate.json` is refused, unless `--uncertified` names its digest.
 * @throws CommandError when the bundle is refused
 */
export function requireCertificate(digest: string, gate: Gate, path = certificatePath): CertificateState {
  const refusal = refusalOf(digest, readCertificate(path));
  if (refusal === undefined) return 'passing';
  if (gate === 'only looking') return 'missing';
  if (gate.uncertified === digest) return 'waived';
  throw new CommandError(`${refusal}, or take it as it is with --uncertified ${digest}`);
}

/** What is wrong with the value of `--uncertified`; nothing when it is a digest, or not given. */
export function waiverProblems(uncertified: string | undefined): string[] {
  if (uncertified === undefined || /^[0-9a-f]{64}$/.test(uncertified)) return [];
  return [`--uncertified takes a SHA-256 of 64 hex digits, not '${uncertified}'`];
}
