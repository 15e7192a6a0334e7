import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { createCpuLimit } from '../../../scripts/start/cpu-limit.ts';

test('a process gets its share, over any time, and goes on when it is let go', () => {
  vi.useFakeTimers();
  try {
    const one = { cpuMs: 0, stopped: false };
    const limit = createCpuLimit(0.25, {
      cpuMs: (pid) => (pid === 7 ? one.cpuMs : undefined),
      signal: (_, name) => {
        one.stopped = name === 'SIGSTOP';
      },
      now: () => performance.now(),
    });
    limit.hold(7);
    limit.hold(8); // is gone
    for (let ms = 0; ms < 10_000; ms += 10) {
      vi.advanceTimersByTime(10);
      if (!one.stopped) one.cpuMs += 10;
    }
    expect(one.cpuMs).toBeGreaterThan(2_450);
    expect(one.cpuMs).toBeLessThan(2_550);
    while (!one.stopped) {
      one.cpuMs += 10;
      vi.advanceTimersByTime(10);
    }
    limit.release(7);
    expect(one.stopped).toBe(false);
    limit.close();
  } finally {
    vi.useRealTimers();
  }
});

test.runIf(process.platform === 'linux')('a real process that would take all it can get is held', async () => {
  const child = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  const limit = createCpuLimit(0.05);
  try {
    await sleep(200);
    limit.hold(child.pid ?? 0);
    const stops = { count: 0 };
    const { readFileSync } = await import('node:fs');
    for (let looks = 0; looks < 50; looks += 1) {
      await sleep(20);
      if (/\) T /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8'))) stops.count += 1;
    }
    expect(stops.count).toBeGreaterThan(10);
    limit.close();
    await sleep(50);
    expect(readFileSync(`/proc/${child.pid}/stat`, 'utf8')).not.toMatch(/\) T /);
  } finally {
    limit.close();
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});
