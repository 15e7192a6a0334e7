import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { launchNoted, notedPid } from '../../../infra/cluster/launch.ts';
import { processInfo, send } from '../../../infra/cluster/process-info.ts';

const dir = mkdtempSync(join(tmpdir(), 'hft-launch-'));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a server that was just started is known at every moment, however late its own process gets to run', async () => {
  for (let round = 0; round < 40; round += 1) {
    const pidFile = join(dir, `pid-${round}`);
    await launchNoted({
      pidFile,
      abandoned: join(dir, 'abandoned'),
      command: ['/bin/sleep', '60'],
      options: { stdio: 'ignore' },
    });
    const seen = new Set<number>();
    const pid = notedPid(pidFile);
    expect(pid, `round ${round}`).toBeGreaterThan(0);
    // Until it has become the program, and so has written what it writes: not a moment is left out.
    while (!processInfo(pid)?.command.startsWith('/bin/sleep')) seen.add(notedPid(pidFile));
    send(pid, 'SIGKILL');
    expect([...seen.add(notedPid(pidFile))], `round ${round}`).toEqual([pid]);
  }
});
