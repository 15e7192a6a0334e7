import { type BrokerConnection, openBroker, type Security } from './broker.ts';

/** A broker that was tried: connected, or why not. */
export type Attempt = { readonly address: string } & (
  | { readonly connection: BrokerConnection; readonly error?: never }
  | { readonly connection?: never; readonly error: unknown }
);

/** The connections of one examination: each address is tried once, and all are closed together. */
export interface Connections {
  /** Tries addresses, all at the same time. Never rejects. */
  attempt(addresses: readonly string[]): Promise<Attempt[]>;
  close(): Promise<void>;
}

export function openConnections(security: Security): Connections {
  const attempts = new Map<string, Promise<Attempt>>();
  async function once(address: string): Promise<Attempt> {
    try {
      return { address, connection: await openBroker(address, security) };
    } catch (error) {
      return { address, error };
    }
  }
  return {
    async attempt(addresses) {
      for (const address of addresses) if (!attempts.has(address)) attempts.set(address, once(address));
      return await Promise.all(addresses.map((address) => attempts.get(address) ?? once(address)));
    },
    async close() {
      for (const { connection } of await Promise.all(attempts.values())) {
        await connection?.close().catch(() => undefined);
      }
    },
  };
}
