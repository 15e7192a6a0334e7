import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type ClusterStatus, type LocalCluster, openCluster } from '../../infra/cluster/cluster.ts';
import { brokerFiles } from '../../infra/cluster/layout.ts';
import { isFree } from '../../infra/cluster/ports.ts';
import { processInfo } from '../../infra/cluster/process-info.ts';
import { topics } from '../../infra/topics.ts';
import { ensureTopics } from '../../scripts/topics/ensure.ts';

// A cluster of its own: what happens to its brokers must not befall the one that other files share.
const dir = mkdtempSync(join(tmpdir(), 'hft-own-'));
const script = fileURLToPath(new URL('../../scripts/cluster.ts', import.meta.url));
const api = new URL('../../infra/cluster/cluster.ts', import.meta.url).href;

function command(...args: string[]) {
  return spawnSync(process.execPath, [script, ...args, '--dir', dir], { encoding: 'utf8' });
}

/** A process that starts the cluster of a directory, attached to itself, and then does nothing. */
function attachedStart(where: string): ChildProcess {
  const program = `import { startCluster } from ${JSON.stringify(api)};
    await startCluster({ dir: ${JSON.stringify(where)}, attached: true, onProgress: (line) => console.log(line) });
    console.log('ready');
    setInterval(() => {}, 1000);`;
  const args = ['--no-warnings', '--input-type=module', '-e', program];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
}

async function printed(child: ChildProcess, text: string): Promise<void> {
  for await (const chunk of child.stdout ?? []) if (String(chunk).includes(text)) return;
  throw new Error(`ended without printing '${text}'`);
}

const states = (cluster: LocalCluster | undefined) => cluster?.brokers.map((broker) => broker.state);
const allStopped = ['stopped', 'stopped', 'stopped'];

afterAll(async () => {
  await openCluster(dir)?.stop({ graceMs: 0 });
  rmSync(dir, { recursive: true, force: true });
});

describe('a cluster that outlives the command that started it', () => {
  let cluster: LocalCluster;

  beforeAll(() => {
    const start = command('start', '--json');
    expect(start).toMatchObject({ status: 0, stderr: expect.stringContaining('Starting brokers 1, 2, 3') });
    const opened = openCluster(dir);
    if (!opened) throw new Error('the cluster that was just started is not there');
    cluster = opened;
  });

  test('reports its brokers and its controllers', async () => {
    const { status, stdout } = command('status', '--json');
    const report: ClusterStatus = JSON.parse(stdout);

    expect(status).toBe(0);
    expect(report.bootstrapServers).toEqual(cluster.bootstrapServers);
    expect(report.quorum).toEqual({ healthy: true, leaderId: expect.any(Number) });
    expect(report.brokers.map(({ id, state, pid }) => [id, state, pid])).toEqual(
      cluster.brokers.map(({ id, pid }) => [id, 'running', pid]),
    );
  });

  test('a second start changes nothing', () => {
    const before = cluster.brokers;

    expect(command('start').status).toBe(0);
    expect(cluster.brokers).toEqual(before);
  });

  test('takes the declared topics once, and tells of each one that differs', async () => {
    const names = topics.map((topic) => topic.name);

    expect(await ensureTopics(cluster.bootstrapServers, topics)).toEqual({ created: names, existing: [] });
    expect(await ensureTopics(cluster.bootstrapServers, topics)).toEqual({ created: [], existing: names });

    const [raw, enriched, ...rest] = topics;
    if (!raw || !enriched) throw new Error('no topics are declared');
    const other = [
      { ...raw, partitions: 120 },
      { ...enriched, configs: { ...enriched.configs, 'retention.ms': '1' } },
    ];
    await expect(ensureTopics(cluster.bootstrapServers, [...other, ...rest])).rejects.toMatchObject({
      code: 'CLUSTER_UNFIT',
      problems: [
        'topic market.raw differs from its declaration: partitions is 60, declared 120',
        'topic market.enriched differs from its declaration: retention.ms is 604800000, declared 1',
      ],
    });
  });

  test('a paused broker is reported, and resumes as the same process', async () => {
    const { pid } = cluster.brokers[1] ?? {};

    expect(command('pause', '2').status).toBe(0);
    expect(states(cluster)).toEqual(['running', 'paused', 'running']);
    expect(command('resume', '2').status).toBe(0);
    expect(cluster.brokers[1]).toMatchObject({ state: 'running', pid });
  });

  test('a killed broker is reported, two keep the quorum, and it comes back as a new process', async () => {
    const { pid, port } = cluster.brokers[2] ?? {};

    await cluster.kill(3);

    expect(states(cluster)).toEqual(['running', 'running', 'stopped']);
    expect(command('status').status).toBe(1);
    expect((await cluster.status()).quorum.healthy).toBe(true);

    await cluster.restart(3);

    expect(cluster.brokers[2]).toMatchObject({ state: 'running', port });
    expect(cluster.brokers[2]?.pid).not.toBe(pid);
  });

  test('two brokers down are a quorum lost', async () => {
    await Promise.all([cluster.pause(1), cluster.pause(2)]);
    expect((await cluster.status()).quorum).toEqual({ healthy: false });
    await Promise.all([cluster.resume(1), cluster.resume(2)]);
    await expect.poll(async () => (await cluster.status()).quorum.healthy, { timeout: 30_000 }).toBe(true);
  });

  test('a stop leaves no process and no port taken', async () => {
    const pids = cluster.brokers.map((broker) => broker.pid ?? 0);

    expect(command('stop').status).toBe(0);

    expect(states(cluster)).toEqual(allStopped);
    expect(pids.map(processInfo)).toEqual([undefined, undefined, undefined]);
    expect(await Promise.all(cluster.brokers.map(({ port }) => isFree(port)))).toEqual([true, true, true]);
  });
});

describe('nothing is left running', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('when a start ends by %s', async (signal) => {
    const start = spawn(process.execPath, [script, 'start', '--dir', dir], { stdio: 'ignore' });
    const ended = new Promise((resolve) => start.once('close', resolve));
    await expect.poll(() => states(openCluster(dir)), { timeout: 10_000 }).toEqual(['running', 'running', 'running']);

    start.kill(signal);
    await ended;

    await expect.poll(() => states(openCluster(dir)), { timeout: 5_000 }).toEqual(allStopped);
  });

  test('when the process that a ready cluster is attached to is killed; and its data is there at the next start', async () => {
    const owner = attachedStart(dir);
    onTestFinished(() => void owner.kill('SIGKILL'));
    await printed(owner, 'ready');
    const cluster = openCluster(dir);
    expect(states(cluster)).toEqual(['running', 'running', 'running']);
    const names = topics.map((topic) => topic.name);
    expect(await ensureTopics(cluster?.bootstrapServers ?? [], topics)).toEqual({ created: [], existing: names });

    owner.kill('SIGKILL');

    await expect.poll(() => states(cluster), { timeout: 5_000 }).toEqual(allStopped);
  });
});

test('a broker that cannot start is an error with the end of its log, and the others end', () => {
  const properties = join(brokerFiles(dir, 2).data, 'meta.properties');
  const stored = readFileSync(properties, 'utf8');
  writeFileSync(properties, stored.replace('node.id=2', 'node.id=9'));

  const { status, stderr } = command('start');

  expect(status).toBe(1);
  expect(stderr).toMatch(/^cluster: broker 2 on port \d+ is stopped instead of starting\. Its log/m);
  expect(stderr).toContain('Stored node id 9');
  expect(states(openCluster(dir))).toEqual(allStopped);
});

test.each([[['kill', '4']], [['kill']], [['start', '1']], [['begin']], [[]]])('%j is a mistake in the call', (args) => {
  expect(command(...args)).toMatchObject({ status: 2, stdout: '' });
});
