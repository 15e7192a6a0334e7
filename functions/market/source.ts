import type { Buffer } from 'node:buffer';

/** Where a snapshot came from: the coordinates of the `market.raw` record that it was computed of. */
export interface Source {
  readonly partition: number;
  readonly offset: number;
}

/** A record of `market.enriched`, as far as it says where it came from. */
interface Sourced extends Source {
  readonly headers: { readonly source?: Buffer | null | readonly (Buffer | null)[] | undefined };
}

/** The `source` header of the processor; the record's own place when somebody else has written it. */
export function sourceOf({ headers: { source }, partition, offset }: Sourced): Source {
  const text = Array.isArray(source) ? source.at(-1) : source;
  const match = /\/(\d{1,9})\/(\d{1,15})$/.exec(String(text ?? ''));
  return match ? { partition: Number(match[1]), offset: Number(match[2]) } : { partition, offset };
}
