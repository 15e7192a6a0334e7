import { ledgerClient } from './client.ts';
import { findLeaders } from './sender.ts';

/** The broker that looks after a group: it leads the partition of the offsets topic to which the group's name hashes. */
export async function findCoordinator(bootstrapServers: readonly string[], groupId: string): Promise<number> {
  let hash = 0;
  for (const character of groupId) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0;
  const leaders = await findLeaders(ledgerClient(bootstrapServers), '__consumer_offsets');
  return leaders[Math.abs(hash) % leaders.length] ?? 0;
}
