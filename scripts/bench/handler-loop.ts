/**
 * One of the processes beside which instances are judged: what the processor's handler does with records and nothing else,
 * no broker and no runtime. What it costs more in twelve processes than in one is the machine's: two cores and their caches.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { processor } from '../../functions/processor/definition.ts';
import { contractsInContainer } from './container.ts';
import { prepare } from './handler.ts';
import { endWithParent, keepTelling } from './tell.ts';

const [path = '', countText = '0', shareText = '60'] = process.argv.slice(2);
/** As many as instances have symbols: their bytes do not stay in a cache. */
const distinctRecords = 2_400;
const turn = 500;

const bundle: { processor: typeof processor } = await import(pathToFileURL(path).href);
const { handle, records, contexts } = await prepare(contractsInContainer, bundle.processor, distinctRecords);
const count = Number(countText);
let recordsOut = 0;
endWithParent();
keepTelling(() => ({ partitions: Number(shareText), recordsOut }));
while (recordsOut < count) {
  for (let call = 0; call < turn; call += 1) {
    const at = recordsOut % distinctRecords;
    const [record, context] = [records[at], contexts[at]];
    if (record !== undefined && context !== undefined) handle(record, context);
    recordsOut += 1;
  }
  await nextTurn();
}
