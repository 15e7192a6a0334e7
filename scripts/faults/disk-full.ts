import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { bringBack } from './broker-lost.ts';
import type { Scenario } from './scenario.ts';

const endsWithinMs = 60_000;

export const diskFull: Scenario = {
  name: 'disk-full',
  summary: 'A broker can write no more, as with a full disk: it gives up, and starts again with room.',
  unavailable: () =>
    spawnSync('prlimit', ['--version']).status === 0
      ? undefined
      : 'it takes prlimit (util-linux) to keep a broker from writing',
  // As of a broker that is killed; where it leads the controllers as well, leaders move 3 to 4 s later.
  promised: () => ({ silenceMs: 16_000, recoveredMs: 16_000 }),
  async run(stage) {
    const { cluster, coordinator, allMove, mark, rest } = stage;
    const broker = await coordinator();
    const running = () => cluster.brokers.find(({ id }) => id === broker);
    const { pid = 0 } = running() ?? {};
    mark(`broker ${broker} is full`);
    // An error of each write, as ENOSPC is; and it needs neither a file system of its own nor the rights to make one.
    const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), '--fsize=4096:4096'], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`prlimit: ${stderr}`);
    for (const endMs = Date.now() + endsWithinMs; running()?.state !== 'stopped'; await sleep(200)) {
      if (Date.now() > endMs)
        throw new Error(`broker ${broker} writes nothing, and has not ended in ${endsWithinMs} ms`);
    }
    await allMove();
    await rest(1_000);
    await bringBack(stage, broker, 'it starts, with room');
  },
};
