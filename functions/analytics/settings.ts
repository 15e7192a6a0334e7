import type { Reach } from './windows.ts';

/** What the environment says of analytics. */
export interface AnalyticsSettings {
  readonly reach: Reach;
  readonly storageGroup: string;
  readonly storageWaitMs: number;
}

const hourMicros = 3_600_000_000n;

/** Reads the settings. The runtime has checked them with all others before it called `setup`. */
export function readAnalyticsSettings(env: Readonly<Record<string, string | undefined>>): AnalyticsSettings {
  const text = (name: string, fallback: string): string => env[name]?.trim() || fallback;
  return {
    reach: {
      snapshots: Number(text('ANALYTICS_WINDOW', '300')),
      lookbackMicros: BigInt(text('ANALYTICS_LOOKBACK_HOURS', '168')) * hourMicros,
    },
    storageGroup: text('STORAGE_GROUP_ID', 'storage-group'),
    storageWaitMs: Number(text('STORAGE_WAIT_MS', '2000')),
  };
}
