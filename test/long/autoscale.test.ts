import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { burstScaling } from '../../infra/scaling.ts';
import { measuredCosts } from '../../scripts/simulate/costs.ts';
import { costsOfRun, traceOfRun } from '../../scripts/simulate/from-run.ts';
import { simulate } from '../../scripts/simulate/simulation.ts';
import type { Books } from '../../scripts/start/books.ts';
import type { ScalingReport } from '../../scripts/start/scaling-log.ts';
import { readCommitHistory } from '../support/ledger/commit-history.ts';
import { assertClean } from '../support/ledger/format.ts';
import { judge } from '../support/ledger/judge.ts';
import { readTopics } from '../support/ledger/reader.ts';
import { uniqueName } from '../support/topics.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const topics = {
  source: uniqueName('autoscale.raw'),
  outputs: uniqueName('autoscale.enriched'),
  deadLetters: uniqueName('autoscale.dlq'),
};
const groupId = uniqueName('autoscale-group');
let localDir = '';
let child: ChildProcess | undefined;

beforeAll(() => {
  localDir = mkdtempSync(join(tmpdir(), 'hft-autoscale-'));
});

afterAll(async () => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(localDir, { recursive: true, force: true });
});

/** A start as a process, and what it says. */
function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const running = spawn(process.execPath, ['scripts/start.ts', ...args], {
    cwd: root,
    env: {
      ...process.env,
      KAFKA_BOOTSTRAP_SERVERS: inject('bootstrapServers').join(','),
      KAFKA_GROUP_ID: groupId,
      SOURCE_TOPIC: topics.source,
      OUTPUT_TOPIC: topics.outputs,
      DEAD_LETTER_TOPIC: topics.deadLetters,
      HFT_LOCAL_DIR: localDir,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = running;
  const output = { out: '', err: '' };
  running.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()));
  running.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()));
  const ended = once(running, 'close').then(([code]) => code as number | null);
  return {
    ...{ running, output, ended },
    async says(text: RegExp): Promise<void> {
      while (!text.test(output.err)) {
        if (running.exitCode !== null) throw new Error(`The start ended before it said ${text}:\n${output.err}`);
        await sleep(20);
      }
    },
  };
}

/**
 * The books and the autoscaler's report of a burst, which ends when the fleet is back at its minimum; and whether an
 * instance lost its partitions meanwhile.
 */
async function burstRun(): Promise<{ books: Books; report: ScalingReport; lost: boolean }> {
  const { output, ended } = start(['--burst', '--autoscale', '--json']);
  const code = await ended;
  expect(output.out, output.err).toMatch(/^\{.*\}\n$/);
  const books: Books = JSON.parse(output.out);
  expect({ code, ...books }).toMatchObject({ code: 0, balanced: true, lost: 0, lag: 0 });
  if (books.autoscale === undefined) throw new Error('the books say nothing of the autoscaler');
  return { books, report: books.autoscale, lost: output.err.includes('lost its partitions') };
}

test('a burst scales up step by step and back, in order and complete, as the simulator foretells', async () => {
  const { books, report, lost } = await burstRun();
  const costs = costsOfRun(books, report, measuredCosts);
  const { figures, events } = simulate(burstScaling, traceOfRun(report, Date.now()), costs, {
    oneChangeAtATime: true,
  });
  const said = JSON.stringify({ costs, figures, events, was: { ...report, looks: [] } });

  const most = Math.max(...report.scalings.map(({ to }) => to));
  expect(most, said).toBeGreaterThanOrEqual(4);
  // A machine that starts instances in time has enough of the burst left for six of them.
  if (costs.startUpSeconds < 4) expect(most, said).toBe(6);
  for (const { from, to } of report.scalings) expect(to, said).toBeLessThanOrEqual(2 * from);
  expect(report.scalings.at(-1)?.to, said).toBe(2);
  expect(report.reversals, said).toBeLessThanOrEqual(1);
  expect(report.replaced, said).toBe(0);
  for (const { reason } of report.scalings) expect(reason).toMatch(/need|minimum/);

  const bootstrapServers = inject('bootstrapServers');
  const logs = await readTopics(bootstrapServers, topics);
  const commitSamples = await readCommitHistory({ bootstrapServers, groupId, topic: topics.source });
  const verdict = judge({ ...logs, commitSamples, expectations: { fateOf: () => undefined } });
  // Whom a starved machine had put out of the group does again what it could not commit.
  assertClean(verdict, { allowDuplicates: lost ? verdict.counts.inputs : 0, allowUncommitted: 0 });
  expect(verdict.counts.inputs).toBe(books.fed);

  expect(Math.abs(events.length - report.scalings.length), said).toBeLessThanOrEqual(1);
  expect(Math.abs(figures.peakInstances - most), said).toBeLessThanOrEqual(1);
  expect(figures.reversals, said).toBeLessThanOrEqual(1);
  expect(figures.peakLag / report.peakLag, said).toBeGreaterThan(0.5);
  expect(figures.peakLag / report.peakLag, said).toBeLessThan(1.5);
}, 400_000);

test('one that is killed is replaced, and the others stay', async () => {
  const { running, output, ended, says } = start(['--autoscale', '--rate', '50', '--plain', '--plan', '1s:kill'], {
    KAFKA_SESSION_TIMEOUT_MS: '6000',
  });
  await says(/1 of 2 instances is gone: replaced.*instance 3 joined.*rebalanced/s);
  running.kill('SIGINT');
  expect(await ended, output.err).toBe(0);
  expect(output.out).not.toContain('LOST');
  expect(output.err).not.toContain('scaled');
}, 180_000);
