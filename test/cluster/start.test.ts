import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { openLocalDatabase } from '../../infra/database/database.ts';
import { uniqueName } from '../support/topics.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** In the environment of everything that these tests start: by it they find what was left behind. */
const mark = uniqueName('start-test-group');
const settings = {
  KAFKA_GROUP_ID: mark,
  SOURCE_TOPIC: uniqueName('start.raw'),
  OUTPUT_TOPIC: uniqueName('start.enriched'),
  DEAD_LETTER_TOPIC: uniqueName('start.dlq'),
};
let localDir = '';
let running: ChildProcess | undefined;

beforeAll(() => {
  localDir = mkdtempSync(join(tmpdir(), 'hft-start-'));
});

afterEach(async () => {
  if (running?.exitCode === null && running.signalCode === null) {
    running.kill('SIGKILL');
    await once(running, 'exit');
  }
});

afterAll(async () => {
  // Started by root, the servers have their data elsewhere: deleting the folder alone would leave it there.
  await openLocalDatabase(join(localDir, 'database'))?.reset();
  rmSync(localDir, { recursive: true, force: true });
});

/** A start as a process, its output as text, and waiting for a text in it. */
function start(...args: string[]) {
  const child = spawn(process.execPath, ['scripts/start.ts', ...args], {
    cwd: root,
    env: {
      ...process.env,
      ...settings,
      KAFKA_BOOTSTRAP_SERVERS: inject('bootstrapServers').join(','),
      HFT_LOCAL_DIR: localDir,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running = child;
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()));
  return {
    child,
    output,
    ended: once(child, 'close'),
    async says(text: string): Promise<void> {
      while (!output.err.includes(text)) {
        if (child.exitCode !== null) throw new Error(`The start ended before it said '${text}':\n${output.err}`);
        await sleep(20);
      }
    },
  };
}

/** Processes of these tests that are alive: instances, guards, starts. */
function leftovers(): string[] {
  const flags = process.platform === 'darwin' ? 'axEww' : 'axeww';
  const all = execFileSync('ps', [flags, '-o', 'pid=,stat=,command='], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  return all
    .split('\n')
    .filter((line) => line.includes(`KAFKA_GROUP_ID=${mark}`) && !/^\s*\d+\s+Z/.test(line))
    .map((line) => line.slice(0, 120));
}

test('an interrupted start says so and leaves nothing behind', async () => {
  const { child, output, ended, says } = start('--instances', '2', '--without-database');
  await says('Starting 2 instances');
  expect(leftovers().length).toBeGreaterThan(1);
  child.kill('SIGINT');
  const [code] = await ended;
  expect(output.err).toContain('interrupted: nothing was left running');
  expect(output.out).toBe('');
  expect(code).toBe(1);
  await expect.poll(leftovers, { timeout: 5_000 }).toEqual([]);
});

// Leaves fewer records in the output than in the source: the books of the next run must begin behind both.
test('a function behind the local event source: balanced books, and nothing left behind', async () => {
  const flags = [
    '--mode',
    'function',
    '--rate',
    '200',
    '--instances',
    '2',
    '--poison-share',
    '0.02',
    '--without-database',
  ];
  const { output, ended } = start('--for', '5s', ...flags, '--json');
  const [code] = await ended;
  expect(output.out, output.err).toMatch(/^\{.*\}\n$/);
  const books = JSON.parse(output.out);
  expect(books).toMatchObject({ balanced: true, lost: 0, lag: 0, instances: 2 });
  expect(books.enriched + books.deadLettered).toBe(books.fed);
  expect(code).toBe(0);
  await expect.poll(leftovers, { timeout: 5_000 }).toEqual([]);
}, 180_000);

test('a run ends with balanced books in one line of JSON, and leaves nothing behind', async () => {
  const flags = ['--rate', '500', '--instances', '2', '--poison-share', '0.02', '--plan', '3s:+1'];
  const { output, ended } = start('--for', '8s', ...flags, '--json');
  const [code] = await ended;
  expect(output.out, output.err).toMatch(/^\{.*\}\n$/);
  const books = JSON.parse(output.out);
  expect(books).toMatchObject({ balanced: true, lost: 0, lag: 0, filtered: 0, instances: 3 });
  expect(books.fed).toBeGreaterThan(500);
  expect(books.deadLettered).toBeGreaterThan(0);
  expect(books.enriched + books.deadLettered).toBe(books.fed);
  expect(books.rebalances).toBeGreaterThanOrEqual(1);
  expect(books.p50Ms).toBeGreaterThan(0);
  expect(books.p99Ms).toBeGreaterThanOrEqual(books.p50Ms);
  expect(books.firstEnrichedAfterMs).toBeGreaterThan(0);
  // Every snapshot is in the tables, by the database's own word, and storage has nothing left to do.
  expect(books.database).toMatchObject({ stored: books.enriched, missing: 0 });
  for (const stage of books.database.stages) expect(stage).toMatchObject({ lag: 0, deadLettered: 0, crashed: false });
  // What the instances counted themselves agrees with what the reader found in the topics.
  const said = (name: string) =>
    books.perInstance.reduce((sum: number, one: Record<string, number>) => sum + (one[name] ?? 0), 0);
  const booked = books.enriched + books.deadLettered + books.duplicates;
  expect(said('recordsOut') + said('deadLettered')).toBe(booked);
  expect(code).toBe(0);
  expect(readFileSync(join(localDir, 'start', 'instance-1.log'), 'utf8')).toContain('Assigned partitions');
  await expect.poll(leftovers, { timeout: 5_000 }).toEqual([]);
}, 180_000); // a run that cannot be drained takes more than a minute to say so

test('kill -9 of a run takes its instances with it', async () => {
  const { child, ended, says } = start('--instances', '2', '--rate', '50'); // with the databases: they must not outlive it either
  await says('first enriched record after');
  expect(leftovers().length).toBeGreaterThanOrEqual(4);
  child.kill('SIGKILL');
  await ended;
  await expect.poll(leftovers, { timeout: 15_000 }).toEqual([]);
});
