import { messageOf } from '../../functions/runtime/errors.ts';
import { invoke } from '../../functions/runtime/invoke.ts';
import type { DeadLetter } from './dead-letter.ts';
import type { FoundFunction } from './find-function.ts';

/** What the code as it is here makes of the record. */
export interface Replay {
  /** The same dead letter: what was seen there is seen here. */
  readonly reproduced: boolean;
  /** In words. */
  readonly outcome: string;
}

/** Puts the record through the function once, as the test that is written will. */
export async function replay({ record, code, message }: DeadLetter, { definition }: FoundFunction): Promise<Replay> {
  const retry = { ...definition.retry, initialDelayMs: 1, maxDelayMs: 1 };
  try {
    const { outputs, deadLetters, undone } = await invoke({ ...definition, retry }, [record], { env: {} });
    const [dead] = deadLetters;
    if (dead !== undefined) {
      const now = { code: String(dead.headers['error.code']), message: String(dead.headers['error.message']) };
      const reproduced = now.code === code && now.message === message;
      return { reproduced, outcome: `it is a dead letter, ${now.code}: ${now.message}` };
    }
    if (undone.length > 0) return { reproduced: false, outcome: 'it is left undone: something that it needs is down' };
    return { reproduced: false, outcome: `it is handled, with ${outputs.length} outputs` };
  } catch (error) {
    return { reproduced: false, outcome: `its setup fails here: ${messageOf(error)}` };
  }
}
