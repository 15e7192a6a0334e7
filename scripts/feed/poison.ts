import type { Random } from './random.ts';

interface Good {
  readonly key: Buffer;
  readonly value: string;
}

interface Spoiled {
  readonly key: Buffer | null;
  readonly value: Buffer | string | null;
}

/** The parts of a snapshot that poison meddles with. */
interface Snapshot {
  [field: string]: unknown;
  spot: Record<string, unknown>;
  options: Record<string, unknown>[];
}

type Spoil = (good: Good, random: Random) => Buffer | string | null;

/** Records that cannot be decoded at all: a dead letter with code `DECODE_FAILED`. */
const undecodable = {
  'not-json': ({ value }, random) => value.slice(0, Math.floor(random.between(1, value.length))),
  'invalid-utf8': ({ value }) => Buffer.from(value.replace('"symbol":"', '"symbol":"\u00ff'), 'latin1'),
  'not-a-number': ({ value }) => value.replace(/"spot":\{"ltp":[\d.]+/, '"spot":{"ltp":NaN'),
  'empty-value': () => Buffer.alloc(0),
  'null-value': () => null,
  'missing-key': ({ value }) => value.slice(0, -1),
} as const satisfies Record<string, Spoil>;

/** JSON that breaks the contract of `market.raw`: a dead letter with code `CONTRACT_VIOLATED`. */
const violating = {
  'overflowing-number': ({ value }) => value.replace(/"spot":\{"ltp":[\d.]+/, '"spot":{"ltp":1e999'),
  'missing-field': (good, random) =>
    changed(good, (snapshot) => {
      const required = ['symbol_id', 'symbol', 'expiry', 'timestamp', 'spot', 'options'];
      delete snapshot[required[random.bits() % required.length] ?? 'spot'];
    }),
  'wrong-type': (good) =>
    changed(good, (snapshot) => Object.assign(snapshot, { symbol_id: String(snapshot.symbol_id) })),
  'unreal-date': (good) => changed(good, (snapshot) => Object.assign(snapshot, { expiry: '2026-02-30' })),
  'zoneless-timestamp': (good) =>
    changed(good, (snapshot) => Object.assign(snapshot, { timestamp: '2026-11-23T10:30:00' })),
  'long-symbol': (good) => changed(good, (snapshot) => Object.assign(snapshot, { symbol: 'N'.repeat(33) })),
  'zero-spot': (good) => changed(good, ({ spot }) => Object.assign(spot, { ltp: 0 })),
  'duplicate-strike': (good) => changed(good, ({ options }) => options.push({ ...options[0] })),
  'negative-oi': (good) => changed(good, ({ options }) => Object.assign(options[0] ?? {}, { oi: -1 })),
  'negative-price': (good) => changed(good, ({ options }) => Object.assign(options[0] ?? {}, { bid: -0.05 })),
  'unknown-option-type': (good) =>
    changed(good, ({ options }) => Object.assign(options[0] ?? {}, { option_type: 'XX' })),
  'deep-nesting': () => '['.repeat(20_000) + ']'.repeat(20_000),
  proto: ({ value }) => `{"__proto__":${value}}`,
} as const satisfies Record<string, Spoil>;

/** A way in which a record is bad. */
export type PoisonKind = keyof typeof undecodable | keyof typeof violating;

const spoilers: Readonly<Record<PoisonKind, Spoil>> = { ...undecodable, ...violating };

export const poisonKinds: readonly PoisonKind[] = Object.keys(spoilers).filter((kind) => isPoisonKind(kind));

function isPoisonKind(kind: string): kind is PoisonKind {
  return Object.hasOwn(spoilers, kind);
}

/** The code of the dead letter that a poison of this kind must become. */
export function poisonCode(kind: PoisonKind): 'DECODE_FAILED' | 'CONTRACT_VIOLATED' {
  return Object.hasOwn(undecodable, kind) ? 'DECODE_FAILED' : 'CONTRACT_VIOLATED';
}

/**
 * Makes a good record bad in one way. It keeps its key, so that it stands in the order of its symbol; only
 * `missing-key` has none (and a cut value: a good value without a key would be no dead letter).
 */
export function spoil(kind: PoisonKind, good: Good, random: Random): Spoiled {
  return { key: kind === 'missing-key' ? null : good.key, value: spoilers[kind](good, random) };
}

function changed({ value }: Good, change: (snapshot: Snapshot) => void): string {
  const snapshot: Snapshot = JSON.parse(value);
  change(snapshot);
  return JSON.stringify(snapshot);
}
