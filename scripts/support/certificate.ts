import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandError } from './command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where `npm run certify` leaves what it found: `{ "certificates": [...] }`, one of each bundle that ships. */
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

/** The certificates that were written last; none when there is no file, or it is something else. */
export function readCertificates(path = certificatePath): readonly Certificate[] {
  try {
    const { certificates } = JSON.parse(readFileSync(path, 'utf8')) as { certificates?: unknown };
    return Array.isArray(certificates) ? certificates : [];
  } catch {
    return [];
  }
}

/** Writes them beside and renames: whoever reads finds all of them. */
export function writeCertificates(certificates: readonly Certificate[], path = certificatePath): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, `${JSON.stringify({ certificates }, null, 2)}\n`);
  renameSync(`${path}.${process.pid}`, path);
}

/** Why a bundle may not travel; `undefined` when its certificate is there and passing. */
export function refusalOf(sha256: string, certificates: readonly Certificate[]): string | undefined {
  const short = sha256.slice(0, 12);
  if (certificates.length === 0) return `bundle ${short} has no certificate: run npm run certify`;
  const own = certificates.find(({ bundle }) => bundle?.sha256 === sha256);
  if (own === undefined) {
    const others = certificates.map(({ bundle }) => String(bundle?.sha256).slice(0, 12)).join(' and ');
    return `the certificate is of bundle ${others}, not of ${short}: run npm run certify again`;
  }
  if (own.passed !== true) return `bundle ${short} failed its conformance suite: see dist/certificate.json`;
  return undefined;
}

/** What is known of a bundle's certificate. */
export type CertificateState = 'passing' | 'waived' | 'missing';

/**
 * Who asks: a package or an image may travel, so its bundle must be certified, or be named (one digest, or several with
 * commas between); looking needs neither.
 */
export type Gate = { readonly uncertified: string | undefined } | 'only looking';

/**
 * The gate between a bundle and where it runs: a bundle whose digest has no passing certificate in
 * `dist/certificate.json` is refused, unless `--uncertified` names its digest.
 * @throws CommandError when the bundle is refused
 */
export function requireCertificate(digest: string, gate: Gate, path = certificatePath): CertificateState {
  const refusal = refusalOf(digest, readCertificates(path));
  if (refusal === undefined) return 'passing';
  if (gate === 'only looking') return 'missing';
  if (gate.uncertified?.split(',').includes(digest)) return 'waived';
  throw new CommandError(`${refusal}, or take it as it is with --uncertified ${digest}`);
}

/** A bundle as it was built. */
interface Built {
  readonly name: string;
  readonly sha256: string;
}

/**
 * The gate for all that travel together.
 * @throws CommandError with every bundle that is refused, and why
 */
export function requireCertificates<Bundle extends Built>(
  built: readonly Bundle[],
  gate: Gate,
  path?: string,
): (Bundle & { readonly certificate: CertificateState })[] {
  const refusals: string[] = [];
  const allowed = built.flatMap((bundle) => {
    try {
      return [{ ...bundle, certificate: requireCertificate(bundle.sha256, gate, path) }];
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      refusals.push(`${bundle.name}: ${error.message}`);
      return [];
    }
  });
  if (refusals.length > 0) throw new CommandError(refusals.join('\n  '));
  return allowed;
}

/** What is wrong with the value of `--uncertified`; nothing when it is one or more digests, or not given. */
export function waiverProblems(uncertified: string | undefined): string[] {
  const digests = uncertified?.split(',') ?? [];
  const wrong = digests.filter((digest) => !/^[0-9a-f]{64}$/.test(digest));
  return wrong.map(
    (digest) => `--uncertified takes a SHA-256 of 64 hex digits, or several with commas, not '${digest}'`,
  );
}
