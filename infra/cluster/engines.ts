import { dockerDriver } from './docker.ts';
import type { Driver } from './driver.ts';
import { javaDriver } from './java.ts';
import { type ClusterState, readState } from './layout.ts';

/** The driver for a cluster's engine. */
export function driverOf(dir: string, state: ClusterState): Driver {
  return state.engine.kind === 'java' ? javaDriver(dir, state, state.engine) : dockerDriver(dir, state);
}

/** The driver of the cluster in a directory, or undefined when none was ever started there. */
export function openDriver(dir: string): Driver | undefined {
  const state = readState(dir);
  return state && driverOf(dir, state);
}
