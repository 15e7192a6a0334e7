import type { Snapshot } from './snapshot.ts';
export async function openPage(_: () => Snapshot): Promise<{ url: string; close(): Promise<void> }> {
  return { url: '', close: async () => undefined };
}
