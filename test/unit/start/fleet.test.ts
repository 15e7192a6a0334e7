import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { createFleet } from '../../../scripts/start/fleet.ts';

let logDir = '';

beforeEach(() => {
  logDir = mkdtempSync(join(tmpdir(), 'hft-fleet-'));
});

afterEach(() => rmSync(logDir, { recursive: true, force: true }));

test('who is stopped is picked at once: the next one to stop is another', async () => {
  const events: string[] = [];
  // Says nothing of leaving before it has left, as an instance of which the log is not read yet.
  const program = "process.on('SIGTERM', () => setTimeout(process.exit, 300, 0)); setInterval(() => undefined, 1_000);";
  const fleet = createFleet({
    args: ['-e', program],
    env: process.env,
    label: 'instance',
    logDir,
    guard: { watch: () => undefined, forget: () => undefined, dismiss: () => undefined },
    cpuLimit: undefined,
    partitions: 6,
    drainDeadlineMs: 10_000,
    onEvent: (text) => events.push(text),
  });
  onTestFinished(() => {
    for (const instance of fleet.instances) instance.kill();
  });
  for (let left = 3; left > 0; left -= 1) fleet.add();
  fleet.remove();
  fleet.remove();
  expect(events).toEqual(['instance 3 gets SIGTERM', 'instance 2 gets SIGTERM']);
  expect(fleet.instances.map(({ state }) => state)).toEqual(['starting', 'leaving', 'leaving']);
  fleet.kill();
  await Promise.all(fleet.instances.map(({ exited }) => exited));
  expect(fleet.instances[0]).toMatchObject({ state: 'killed', leftAfterMs: undefined });
  expect(fleet.instances[2]?.leftAfterMs).toBeGreaterThanOrEqual(0);
});
