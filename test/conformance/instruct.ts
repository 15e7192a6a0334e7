import type { Instruction } from '../fixtures/functions/instruction.ts';
import type { SourceRecord } from './work.ts';

/** A record that tells a function under test/fixtures what to do. */
export function instruct(partition: number, key: string | null, instruction: Instruction): SourceRecord {
  return {
    partition,
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from(JSON.stringify(instruction)),
    headers: {},
  };
}
