/** What is known of a bundle's certificate. */
export type CertificateState = 'not checked' | 'passing' | 'waived';

/**
 * The gate between a bundle and an account: a bundle whose digest has no passing certificate in `dist/certificate.json`
 * is refused, unless `--uncertified` names its digest. Nothing certifies yet, so nothing is checked.
 * @throws CommandError when the bundle is refused
 */
export function requireCertificate(_digest: string, _uncertified: string | undefined): CertificateState {
  return 'not checked';
}
