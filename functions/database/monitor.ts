import { createLookout, type Seen } from './look.ts';
import { createPrimaryLog, type PrimaryLog } from './lsn.ts';
import type { Server } from './servers.ts';

/** Knows which server is what, as of the last look at all of them. */
export interface Monitor {
  readonly seen: readonly Seen[];
  readonly log: PrimaryLog;
  readonly discoveries: number;
  readonly failovers: number;
  /** The one to write to, as of the last look. */
  readonly primary: Seen | undefined;
  /** Replicas that answered at the last look. */
  readonly replicas: readonly Seen[];
  /** Looks at all servers; whoever asks meanwhile gets the same look. */
  look(): Promise<void>;
  /** Returns when the last look is no older than this; looks again when it is, and ahead of time without waiting. */
  fresh(maxAgeMs: number): Promise<void>;
  close(): Promise<void>;
}

/** How old a look may be before the next is begun beside the work. */
const refreshMs = 250;

/** A monitor that has not looked yet. Nothing runs while nobody asks: a function that is frozen has no timers. */
export function createMonitor(servers: readonly Server[], timeoutMs: number): Monitor {
  const lookouts = servers.map((server) => createLookout(server, timeoutMs));
  const log = createPrimaryLog();
  let seen: readonly Seen[] = [];
  let lookedAtMs = 0;
  let underWay: Promise<void> | undefined;
  let discoveries = 0;
  let failovers = 0;
  let lastPrimary: string | undefined;

  function primaryOf(): Seen | undefined {
    const usable = seen.filter(({ role, problem }) => role === 'primary' && problem === undefined);
    // An old primary that came back beside the new one stays on its timeline.
    return usable.toSorted((a, b) => (b.timeline ?? 0) - (a.timeline ?? 0))[0];
  }

  async function lookAtAll(): Promise<void> {
    const startedMs = Date.now();
    discoveries += 1;
    const looks = lookouts.map(({ look }) => look());
    seen = await Promise.all(looks);
    lookedAtMs = startedMs;
    const primary = primaryOf();
    if (primary === undefined) return;
    // Whatever was committed before the look began lies before what the primary then said.
    if (primary.lsn !== undefined) log.saw(primary.lsn, startedMs);
    if (lastPrimary !== undefined && lastPrimary !== primary.server) failovers += 1;
    lastPrimary = primary.server;
  }

  function look(): Promise<void> {
    underWay ??= lookAtAll().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  return {
    get seen() {
      return seen;
    },
    log,
    get discoveries() {
      return discoveries;
    },
    get failovers() {
      return failovers;
    },
    get primary() {
      return primaryOf();
    },
    get replicas() {
      return seen.filter(({ role }) => role === 'replica');
    },
    look,
    async fresh(maxAgeMs) {
      const ageMs = Date.now() - lookedAtMs;
      if (ageMs > maxAgeMs) await look();
      else if (ageMs > refreshMs) void look(); // it never rejects
    },
    async close() {
      await underWay;
      await Promise.all(lookouts.map((lookout) => lookout.close()));
    },
  };
}
