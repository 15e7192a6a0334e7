import { deniedText } from '../../kafka/denied.ts';
import type { Right } from '../../kafka/port.ts';
import type { Logger } from '../../runtime/contract.ts';

/** Rights that were taken away while an instance works: each is logged once, told by `/ready`, and waited for. */
export interface Denials {
  add(right: Right): void;
  /** A broker has just let us do what takes these. */
  allowed(resource: Right['resource']): void;
  readonly count: number;
  /** Each in words. */
  reasons(): string[];
}

/** Brokers learn of a right one after the other: it counts as back when none has denied it for so long. */
const settleMs = 2_000;

export function createDenials(log: Logger): Denials {
  const missing = new Map<string, { readonly right: Right; settling: NodeJS.Timeout | undefined }>();
  return {
    add(right) {
      const text = deniedText(right);
      const known = missing.get(text);
      if (known === undefined) log.error({ ...right }, text);
      clearTimeout(known?.settling);
      missing.set(text, { right, settling: undefined });
    },
    allowed(resource) {
      for (const [text, denial] of missing) {
        const { right } = denial;
        if (right.resource !== resource) continue;
        denial.settling ??= setTimeout(() => {
          missing.delete(text);
          log.info({ ...right }, `This user has ${right.operation} on ${resource} ${right.name} again`);
        }, settleMs).unref();
      }
    },
    get count() {
      return missing.size;
    },
    reasons: () => [...missing.keys()],
  };
}
