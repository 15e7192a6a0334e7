/**
 * Bytes from a broker that cannot be read. `corrupt`: not what the protocol says, or not what its checksum says.
 * `unsupported`: sound, but of a kind that is not read here. Nothing of the batch it befell may be used.
 */
export class WireError extends Error {
  readonly kind: 'corrupt' | 'unsupported';

  constructor(kind: 'corrupt' | 'unsupported', message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'WireError';
    this.kind = kind;
  }
}
