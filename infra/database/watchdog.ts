import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bereaved, startGuard, type Watchdog } from '../cluster/watchdog.ts';
import { abandonedMarker } from './layout.ts';
import { killServer } from './server.ts';

/** Kills the given servers when this process ends without having dismissed the guard; a temporary directory is deleted then. */
export function guardServers(dir: string, home: string, ids: readonly number[], temporary: boolean): Watchdog {
  return startGuard(fileURLToPath(import.meta.url), [dir, home, temporary ? 'temporary' : 'kept', ...ids.map(String)]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [dir = '', home = '', kind, ...ids] = process.argv.slice(2);
  if (await bereaved()) {
    writeFileSync(abandonedMarker(home), '');
    for (const id of ids) await killServer(home, Number(id));
    if (kind === 'temporary') for (const path of [dir, home]) rmSync(path, { recursive: true, force: true });
  }
}
