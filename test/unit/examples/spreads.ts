import type { RecordFunction } from '../../../functions/runtime/contract.ts';
import { BadInputError } from '../../../functions/runtime/errors.ts';

/** The handler that README shows. */
export const spreads: RecordFunction = {
  name: 'spreads',
  source: 'quotes',
  group: 'spreads-group',
  output: 'spreads', // as many partitions as the source; or outputPartitions: 'divides'
  deadLetters: 'quotes.dlq',
  order: 'key', // or 'partition'
  retry: { attempts: 5, initialDelayMs: 100, maxDelayMs: 5_000 },
  handle(record) {
    const quote = JSON.parse(record.value?.toString() ?? 'null');
    if (!(quote?.ask >= quote?.bid)) throw new BadInputError('CONTRACT_VIOLATED', 'ask: expected at least the bid');
    return { value: JSON.stringify({ spread: quote.ask - quote.bid }) }; // key and partition stay the input's
  },
};
