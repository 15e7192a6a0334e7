import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLocalDatabase } from '../../infra/database/database.ts';
import { readState, serverIds } from '../../infra/database/layout.ts';
import { inspectServer } from '../../infra/database/server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'hft-database-command-'));
});

afterAll(async () => {
  await openLocalDatabase(dir)?.reset();
  rmSync(dir, { recursive: true, force: true });
});

function call(...args: string[]): ChildProcess {
  const env = { ...process.env, DATABASE_URL: '', DATABASE_REPLICA_URLS: '' };
  return spawn(process.execPath, ['scripts/database.ts', ...args, '--dir', dir], { cwd: root, env });
}

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = call(...args);
  let [out, err] = ['', ''];
  child.stdout?.on('data', (chunk) => (out += String(chunk)));
  child.stderr?.on('data', (chunk) => (err += String(chunk)));
  const [code] = await once(child, 'close');
  return { code, out, err };
}

/** The servers of the directory that run, whoever started them. */
function running(): number[] {
  const state = readState(dir);
  return state ? serverIds.filter((id) => inspectServer(state.home, id).state !== 'stopped') : [];
}

describe('npm run database', () => {
  test.each([
    [[], 'takes one of start, stop'],
    [['begin'], "not 'begin'"],
    [['pause'], 'pause takes a server, 1 or 2'],
    [['kill', '3'], 'kill takes a server, 1 or 2'],
    [['start', '1'], 'start takes nothing more'],
    [['partitions', '--ahead', 'many'], '--ahead takes a whole number'],
    [['start', '--kill'], 'start takes no --kill'],
    [['status', '--keep', '3'], 'status takes no --keep'],
    [['stop', '--ahead', '3'], 'stop takes no --ahead'],
  ])('refuses %j, with nothing changed', async (args, said) => {
    const { code, err } = await run(...args);
    expect(code).toBe(2);
    expect(err).toContain(said);
    expect(readState(dir)).toBeUndefined();
  });

  test.each(['status', 'failover', 'migrate'])('says what to do when %s finds no databases', async (action) => {
    const { code, err } = await run(action);
    expect(code).toBe(1);
    expect(err).toMatch(/no (local )?databases were ever started in .*npm run database -- start/);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('a start that is ended by %s leaves nothing running', async (signal) => {
    const child = call('start');
    // As soon as it says that the replica is next: the primary runs by then.
    let said = '';
    for await (const chunk of child.stderr ?? []) {
      said += String(chunk);
      if (said.includes('replica')) break;
    }
    expect(running()).toContain(1);
    child.kill(signal);
    await once(child, 'close');
    await expect.poll(running).toEqual([]);
  });

  test('starts both, keeps its secrets, and says where they are', async () => {
    const { code, out, err } = await run('start');
    expect(code, err).toBe(0);
    expect(running()).toEqual([1, 2]);
    const { passwords } = readState(dir) ?? { passwords: {} };
    for (const password of Object.values(passwords)) expect(out).not.toContain(password);
    for (const name of ['database.json', 'env']) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(dir, 'env'), 'utf8')).toMatch(
      /^DATABASE_URL=postgres:\/\/hft:.*\nDATABASE_REPLICA_URLS=postgres:.*\n$/,
    );
    expect((await run('start')).code).toBe(0); // there is nothing to do
  });

  test('migrates, pauses, fails over, and tells how it is', async () => {
    expect((await run('migrate')).out).toMatch(
      /^127\.0\.0\.1:\d+: ran 0001_snapshots, 0002_windows, 0003_positions; \d+ partitions made\.\n$/,
    );
    expect((await run('pause', '2')).code).toBe(0);
    const paused = await run('status', '--json');
    expect(paused.code).toBe(1);
    expect(JSON.parse(paused.out)).toMatchObject({
      servers: [{ state: 'running' }, { state: 'paused', role: 'replica' }],
    });
    expect((await run('failover')).err).toContain('nothing was changed');
    await run('resume', '2');
    await expect.poll(async () => (await run('status')).code, { timeout: 20_000 }).toBe(0);
    const failed = await run('failover', '--json');
    expect(JSON.parse(failed.out)).toMatchObject({
      healthy: true,
      servers: [{ role: 'replica' }, { role: 'primary' }],
    });
    expect((await run('partitions')).out).toMatch(
      /0 partitions made, 0 dropped; days \S+ to \S+; 0 snapshots of other days\./,
    );
  });

  test('stops, starts again with its data and ports, and is reset', async () => {
    const before = readState(dir);
    expect((await run('stop')).code).toBe(0);
    expect(running()).toEqual([]);
    expect(await run('kill', '1')).toMatchObject({
      code: 1,
      out: '',
      err: 'database: server 1 does not run: nothing was changed\n',
    });
    const { code, err } = await run('migrate');
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/the local databases in .* do not run: npm run database -- start\n$/),
    });
    expect((await run('start')).code).toBe(0);
    expect(readState(dir)).toEqual(before);
    expect((await run('migrate')).out).toContain('has every migration');
    expect((await run('reset')).code).toBe(0);
    expect(running()).toEqual([]);
    expect(existsSync(join(dir, 'database.json'))).toBe(false);
  });
});
