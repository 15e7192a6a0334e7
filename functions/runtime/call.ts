import type { CallContext } from './context.ts';
import type { BatchResult, FunctionDefinition, HandlerResult } from './contract.ts';
import type { Delivery } from './delivery.ts';

/** Calls the handler with one record, whichever kind of handler the function has. What it throws is thrown on. */
export function callWith<Resources>(
  definition: FunctionDefinition<Resources>,
  delivery: Delivery,
  context: CallContext<Resources>,
): HandlerResult | Promise<HandlerResult> {
  if (definition.handle !== undefined) return definition.handle(delivery.record, context);
  const results = definition.handleBatch([delivery.record], context);
  return isPromise(results) ? Promise.resolve(results).then(only) : only(results);
}

function only(results: readonly BatchResult[]): HandlerResult {
  const result = resultAt(results, 0);
  if (result instanceof Error) throw result;
  return result;
}

/** One record's result of a batch; an error when the handler returned too few, or no list at all. */
export function resultAt(results: readonly BatchResult[], index: number): BatchResult {
  if (!Array.isArray(results)) return new Error(`The handler returned ${typeof results}, not a list of results.`);
  if (index < results.length) return results[index];
  return new Error(`The handler returned ${results.length} results, too few for its batch.`);
}

export function isPromise<Value>(value: Value | Promise<Value>): value is Promise<Value> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
