import type { Fate } from './log.ts';

/** A value to write, and what must become of it. Values must differ, or at least have the same fate when they do not. */
export interface Specimen {
  readonly value: Buffer | null;
  readonly fate: Fate;
}

const dayMs = 86_400_000;

interface Chain {
  [field: string]: unknown;
  spot: Record<string, unknown>;
  options: Record<string, unknown>[];
}

function chain(keyIndex: number, sequence: number, nowMs: number): Chain {
  const strike = 20_000 + keyIndex * 50;
  const option = { strike, ltp: 125.5, bid: 124.5, ask: 126, volume: sequence, oi: 1_500_000 + sequence, iv: 12.4 };
  return {
    symbol_id: keyIndex,
    symbol: `LEDGER${keyIndex}`,
    expiry: new Date(nowMs + 7 * dayMs).toISOString().slice(0, 10),
    timestamp: nowMs,
    lot_size: 75,
    spot: { ltp: strike + (sequence % 100) / 4 },
    options: [
      { ...option, option_type: 'CE' },
      { ...option, option_type: 'PE' },
    ],
  };
}

/** A valid `market.raw` snapshot of two contracts; the sequence makes each a value of its own. */
export function marketChain(keyIndex: number, sequence: number, nowMs: number): Buffer {
  return Buffer.from(JSON.stringify(chain(keyIndex, sequence, nowMs)));
}

function violation(change: (chain: Chain) => void) {
  return (keyIndex: number, sequence: number, nowMs: number): Specimen => {
    const snapshot = chain(keyIndex, sequence, nowMs);
    change(snapshot);
    return { value: Buffer.from(JSON.stringify(snapshot)), fate: 'CONTRACT_VIOLATED' };
  };
}

function undecodable(spoil: (good: Buffer) => Buffer | null) {
  return (keyIndex: number, sequence: number, nowMs: number): Specimen => ({
    value: spoil(marketChain(keyIndex, sequence, nowMs)),
    fate: 'DECODE_FAILED',
  });
}

const marketPoisons = [
  undecodable(() => null),
  undecodable(() => Buffer.alloc(0)),
  undecodable((good) => good.subarray(0, -1)),
  undecodable((good) => Buffer.concat([good.subarray(0, -2), Buffer.from([0xff, 0xfe]), good.subarray(-2)])),
  violation((snapshot) => Object.assign(snapshot, { symbol_id: -1 })),
  violation((snapshot) => Object.assign(snapshot, { expiry: '2026-02-30' })),
  violation((snapshot) => Object.assign(snapshot, { timestamp: '2026-11-23T10:30:00' })),
  violation(({ spot }) => Object.assign(spot, { ltp: 0 })),
  violation(({ options }) => options.push({ ...options[0] })),
  violation(({ options }) => Object.assign(options[1] ?? {}, { option_type: 'XX' })),
  violation(({ options }) => Object.assign(options[0] ?? {}, { oi: -1 })),
] as const;

/** A bad `market.raw` record, each kind in its turn. */
export function marketPoison(keyIndex: number, sequence: number, nowMs: number, turn: number): Specimen {
  const make = marketPoisons[turn % marketPoisons.length] ?? marketPoisons[0];
  return make(keyIndex, sequence, nowMs);
}
