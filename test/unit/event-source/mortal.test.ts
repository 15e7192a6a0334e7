import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { processInfo } from '../../../infra/cluster/process-info.ts';
import { spawnMortal } from '../../../scripts/event-source/mortal.ts';

const module = new URL('../../../scripts/event-source/mortal.ts', import.meta.url).href;

/** A process that starts a mortal one, and says its id. */
async function parentOf(command: string): Promise<{ kill: () => void; child: number }> {
  const text = `
    const { spawnMortal } = await import(${JSON.stringify(module)});
    console.log(spawnMortal(${command}, {}).pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(parent.stdout, 'data');
  return { kill: () => parent.kill('SIGKILL'), child: Number(line) };
}

test.each(['as it runs', 'frozen'])('it dies with the process that started it, %s', async (how) => {
  const { kill, child } = await parentOf(`['/bin/sleep', '600']`);
  await vi.waitFor(() => expect(processInfo(child)?.command).toMatch(/^\/bin\/sleep/), { timeout: 10_000 });
  if (how === 'frozen') process.kill(child, 'SIGSTOP');
  kill();
  await vi.waitFor(() => expect(processInfo(child)).toBeUndefined(), { timeout: 10_000 });
});

test('it ends by itself as any other: its status, its outputs, and nothing is left open', async () => {
  const child = spawnMortal([process.execPath, '-e', 'console.log("said"); process.exitCode = 3'], {});
  let said = '';
  child.stdout?.on('data', (chunk) => {
    said += String(chunk);
  });
  expect(await once(child, 'close')).toEqual([3, null]);
  expect(said).toBe('said\n');
  expect(child.stdio.every((stream) => !stream || ('destroyed' in stream && stream.destroyed))).toBe(true);
});
