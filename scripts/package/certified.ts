import type { BundleName } from '../support/bundle.ts';
import { type CertificateState, certificatePath, type Gate, requireCertificate } from '../support/certificate.ts';
import { CommandError } from '../support/command.ts';

/** A bundle as it was built. */
export interface BuiltBundle {
  readonly name: BundleName;
  readonly bytes: number;
  readonly sha256: string;
}

/** A bundle that may travel. */
export interface PackagedBundle extends BuiltBundle {
  readonly certificate: CertificateState;
}

/** @throws CommandError with every bundle that may not travel, and why */
export function certifiedBundles(
  built: readonly BuiltBundle[],
  gate: Gate,
  path: string = certificatePath,
): PackagedBundle[] {
  const refusals: string[] = [];
  const allowed = built.flatMap((bundle): PackagedBundle[] => {
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
