import { readCertificate, refusalOf } from '../support/certificate.ts';
import { CommandError } from '../support/command.ts';

/** What is known of a bundle's certificate. */
export type CertificateState = 'passing' | 'waived' | 'missing';

/** Who asks: a package may travel, so its bundle must be certified, or be named; looking needs neither. */
export type Gate = { readonly uncertified: string | undefined } | 'only looking';

/**
 * The gate between a bundle and an account: a bundle whose digest has no passing certificate in `dist/certificate.json`
 * is refused, unless `--uncertified` names its digest.
 * @throws CommandError when the bundle is refused
 */
export function requireCertificate(digest: string, gate: Gate): CertificateState {
  const refusal = refusalOf(digest, readCertificate());
  if (refusal === undefined) return 'passing';
  if (gate === 'only looking') return 'missing';
  if (gate.uncertified === digest) return 'waived';
  throw new CommandError(`${refusal}, or take it as it is with --uncertified ${digest}`);
}
