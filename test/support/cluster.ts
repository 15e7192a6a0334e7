import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type LocalCluster, startCluster } from '../../infra/cluster/cluster.ts';
import { topics } from '../../infra/topics.ts';
import { ensureTopics } from '../../scripts/topics/ensure.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** `host:port` of the brokers that all files of the `cluster` project share. */
    bootstrapServers: string[];
    /** Its directory: `openCluster(inject('clusterDir'))` gives a test the brokers to kill, pause and restart. */
    clusterDir: string;
  }
}

let cluster: LocalCluster | undefined;

/** Starts the cluster of the `cluster` project, with the contract's topics. It dies with the test run. */
export async function setup(project: TestProject): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'hft-cluster-'));
  try {
    const onProgress = (line: string) => void process.stderr.write(`${line}\n`);
    cluster = await startCluster({ dir, attached: true, temporary: true, onProgress });
    await ensureTopics(cluster.bootstrapServers, topics);
  } catch (error) {
    await teardown();
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
  project.provide('bootstrapServers', cluster.bootstrapServers);
  project.provide('clusterDir', dir);
}

/** Ends the brokers at once, since their data goes with them. */
export async function teardown(): Promise<void> {
  if (!cluster) return;
  await cluster.stop({ graceMs: 0 });
  rmSync(cluster.dir, { recursive: true, force: true });
}
