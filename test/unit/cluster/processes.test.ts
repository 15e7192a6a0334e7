import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { javaDriver } from '../../../infra/cluster/java.ts';
import { brokerFiles, type ClusterState, readState, writeState } from '../../../infra/cluster/layout.ts';
import { withLock } from '../../../infra/cluster/lock.ts';
import { parseStat, processInfo } from '../../../infra/cluster/process-info.ts';

let dir: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hft-unit-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  child = undefined;
  rmSync(dir, { recursive: true, force: true });
});

const runtime = { java: 'java', jars: '/jars' };
const state: ClusterState = { clusterId: 'id', engine: { kind: 'java', ...runtime }, brokers: [] };

/** A process that is noted as broker 1, with or without the mark of a broker on its command line. */
async function noted(mark: string): Promise<ChildProcess> {
  child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '--', mark], { stdio: 'ignore' });
  await once(child, 'spawn');
  mkdirSync(brokerFiles(dir, 1).dir);
  writeFileSync(brokerFiles(dir, 1).pid, `${child.pid}\n`);
  return child;
}

test('a broker is known by its id and its mark, and ends when it is killed', async () => {
  const broker = await noted(`-Dhft.broker=${brokerFiles(dir, 1).dir}`);
  const driver = javaDriver(dir, state, runtime);

  expect(driver.inspect()[0]).toMatchObject({ id: 1, state: 'running', pid: broker.pid });
  await driver.pause(1);
  await expect.poll(() => driver.inspect()[0]?.state, { timeout: 5_000 }).toBe('paused');
  await driver.resume(1);
  await expect.poll(() => driver.inspect()[0]?.state, { timeout: 5_000 }).toBe('running');
  await driver.kill([1]);
  expect(driver.inspect()[0]).toEqual({ id: 1, state: 'stopped' });
});

test('a clean stop ends a paused broker too', async () => {
  await noted(`-Dhft.broker=${brokerFiles(dir, 1).dir}`);
  const driver = javaDriver(dir, state, runtime);
  await driver.pause(1);

  await driver.stop([1], 5_000);

  expect(driver.inspect()[0]?.state).toBe('stopped');
  await expect.poll(() => child?.signalCode, { timeout: 5_000 }).toBe('SIGTERM');
});

test('a process that got the id of a broker that ended is left alone', async () => {
  const stranger = await noted('-Dhft.broker=/another/broker-1');
  const driver = javaDriver(dir, state, runtime);

  expect(driver.inspect()[0]?.state).toBe('stopped');
  await driver.kill([1]);
  await driver.stop([1], 100);
  await driver.pause(1);

  expect(processInfo(stranger.pid ?? 0)).toMatchObject({ paused: false });
});

test('a process that ended and was not waited for is no process', async () => {
  // The shell becomes a program that never waits for the child that it inherits.
  child = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [printed] = child.stdout ? await once(child.stdout, 'data') : [];

  await expect.poll(() => processInfo(Number(String(printed))), { timeout: 5_000 }).toBeUndefined();
});

test('a process that becomes another program has a command line, or is said to have none for now', async () => {
  const again = join(dir, 'again.sh');
  writeFileSync(again, '[ "$1" -gt 0 ] && exec /bin/sh "$0" $(($1 - 1))\n');
  child = spawn('/bin/sh', [again, '2000'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const seen: { command: string; exiting: boolean }[] = [];
  for (let info = processInfo(child.pid ?? 0); info !== undefined; info = processInfo(child.pid ?? 0)) {
    seen.push(info);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(seen.length).toBeGreaterThan(100);
  expect(seen.filter(({ command, exiting }) => !exiting && !command.includes(again))).toEqual([]);
});

test.each([
  ['runs', 'S', 4_194_304, 40, { paused: false, exiting: false }],
  ['is paused', 'T', 4_194_304, 40, { paused: true, exiting: false }],
  ['has been killed and still holds its files', 'R', 4_194_308, 40, { paused: false, exiting: true }],
  ['has lost its first thread only', 'Z', 4_194_308, 3, { paused: false, exiting: true }],
])('a process that %s', (_, state, flags, threads, expected) => {
  const stat = `7 (a) b) ${state} 1 7 7 0 -1 ${flags} 0 0 0 0 0 0 0 0 20 0 ${threads} 0 1234 0 0`;

  expect(parseStat(stat)).toEqual(expected);
});

test('a directory is worked on by one at a time, and its lock outlives no one', async () => {
  await withLock(dir, async () => {
    await expect(withLock(dir, async () => undefined)).rejects.toThrow(
      `process ${process.pid} is starting or stopping`,
    );
  });
  const dead = spawn(process.execPath, ['-e', '']);
  await once(dead, 'close');
  writeFileSync(join(dir, 'lock'), String(dead.pid));

  expect(await withLock(dir, async () => 'done')).toBe('done');
});

test('the state of a directory survives, and a broken one is an error that names it', () => {
  expect(readState(dir)).toBeUndefined();
  writeState(dir, state);
  expect(readState(dir)).toEqual(state);
  writeFileSync(join(dir, 'cluster.json'), '{"clusterId":');
  expect(() => readState(dir)).toThrow(`${join(dir, 'cluster.json')} cannot be read`);
});
