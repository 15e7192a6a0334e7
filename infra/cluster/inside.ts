import { readFileSync } from 'node:fs';
import type { BrokerPorts, ClusterState } from './layout.ts';
import { securityFiles } from './secure/files.ts';

/** The way in of who runs a cluster: as its brokers do among themselves. */
export interface Inside {
  port(broker: BrokerPorts): number;
  /** Of a secured cluster: what proves that we are one of the brokers, in PEM. */
  readonly ssl?: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** The way into the cluster of a directory. */
export function insideOf(dir: string, { secure }: Pick<ClusterState, 'secure'>): Inside {
  if (!secure) return { port: ({ port }) => port };
  const files = securityFiles(dir);
  const both = readFileSync(files.broker, 'utf8');
  return {
    port: ({ port, insidePort }) => insidePort ?? port,
    ssl: { ca: readFileSync(files.authority, 'utf8'), cert: both, key: both },
  };
}
