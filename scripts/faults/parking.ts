import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parkedTopicOf } from '../../functions/runtime/parking.ts';
import { parkedOf } from '../../infra/topics.ts';
import { buildFixtures } from '../../test/support/fixture-bundle.ts';
import type { RunTopics } from '../../test/support/ledger/topics.ts';
import { ensureTopics } from '../topics/ensure.ts';

/** The function that parks, of test/fixtures/functions. */
export const parkingFunction = 'parking-some';

/** What a scenario of parked keys acts on. */
export interface Parking {
  /** Its bundle: the function, on the runtime of the bundle under test. */
  readonly bundle: string;
  readonly env: Readonly<Record<string, string>>;
  readonly topic: string;
  /** From now on no record is bad. */
  mend(): void;
  /** Redrives all that waits; whether nothing is left, and no key is parked. */
  redrive(): Promise<boolean>;
  remove(): void;
}

const program = fileURLToPath(new URL('../dead-letters.ts', import.meta.url));

/** Makes the topic of parked keys, and a bundle of the function. */
export async function prepareParking(
  bootstrapServers: readonly string[],
  { deadLetters }: RunTopics,
  groupId: string,
  options: { readonly bundle: string; readonly partitions: number; readonly temporary: string },
): Promise<Parking> {
  await ensureTopics(bootstrapServers, [parkedOf(deadLetters, options.partitions)]);
  const { path, remove } = await buildFixtures(options.bundle);
  const mended = join(options.temporary, 'mended');
  async function command(...args: string[]): Promise<{ code: number; stdout: string }> {
    const where = ['--topic', deadLetters, '--group', groupId, '--bootstrap-servers', bootstrapServers.join(',')];
    return await new Promise((resolve) => {
      execFile(
        process.execPath,
        [program, ...args, ...where, '--json'],
        { env: { PATH: process.env.PATH }, maxBuffer: 1_073_741_824 },
        (error, stdout) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout }),
      );
    });
  }
  return {
    ...{ bundle: path, remove, topic: parkedTopicOf(deadLetters) },
    env: { HFT_FAULTS_MENDED: mended },
    mend: () => writeFileSync(mended, ''),
    async redrive() {
      if (!existsSync(mended)) throw new Error('nothing is mended yet: it would die again');
      await command('redrive', '--apply', '--rate', '2000', '--follow', '60s');
      const { code, stdout } = await command('list');
      if (code !== 0) return false;
      const { groups, parked } = JSON.parse(stdout);
      // Of a key that nothing waits of the release was asked for.
      return groups.length === 0 && parked.every(({ waiting }: { waiting: number }) => waiting === 0);
    },
  };
}
