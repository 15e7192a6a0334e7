import { isPromise } from './call.ts';
import type { Assignment, FunctionDefinition, HandlerContext, HandlerResult, InboundRecord } from './contract.ts';
import { checkOutputs } from './delivery.ts';
import { EngineError } from './errors.ts';
import { verdictOn } from './outcome.ts';
import { afterHandled, afterPoison, afterWaiting, mustWait, type ParkedKey, turnOf } from './parking.ts';
import { createPartitionState, type ParkedTopic, type PartitionState, tellParked } from './parking-state.ts';
import type { Publisher } from './publisher.ts';

/**
 * The same function, with its keys parked: what it asks for with `park`. Its handler is called as ever until a record of a
 * key dies. That is noted in the topic of parked keys before the lane writes the dead letter; and while the key is
 * parked, its records are dead letters without the handler. The gate of the lane keeps those of a key one behind another
 * while anything here waits.
 */
export function withParking<Resources>(
  definition: FunctionDefinition<Resources>,
  topic: ParkedTopic | undefined,
  outputs: Publisher | undefined,
): FunctionDefinition<Resources> {
  const { handle, name, retry } = definition;
  if (topic === undefined || handle === undefined) return definition;
  /** An owner that comes back has to read anew: an assignment is never the same again. */
  const partitions = new WeakMap<Assignment, PartitionState>();

  function of(record: InboundRecord, { assignment }: HandlerContext<Resources>): PartitionState {
    const state = partitions.get(assignment) ?? createPartitionState(topic as ParkedTopic, record, name);
    partitions.set(assignment, state);
    return state;
  }

  function decide(
    record: InboundRecord,
    key: string,
    context: HandlerContext<Resources>,
    state: PartitionState,
  ): HandlerResult | Promise<HandlerResult> {
    return state.keys.has(key) ? behind(record, key, context, state) : attempt(record, key, context, state);
  }

  /** A record of a key that is, or was, parked. */
  async function behind(
    record: InboundRecord,
    key: string,
    context: HandlerContext<Resources>,
    state: PartitionState,
  ): Promise<HandlerResult> {
    const turn = turnOf(record, name);
    let parked = state.keys.get(key) as ParkedKey; // it has one, and loses none
    if (turn.after === undefined && !parked.released) {
      parked = (await state.look(key)) ?? parked;
      await put(key, parked, context, state);
    }
    if (mustWait(parked, turn)) {
      await put(key, afterWaiting(parked, turn), context, state);
      const { at, code, message } = parked.poison;
      if (turn.at === at) throw new EngineError(code, message);
      throw new EngineError('KEY_PARKED', `Waits behind offset ${at}, which died of ${code}: ${message}`);
    }
    const result = await attempt(record, key, context, state);
    await put(key, afterHandled(state.keys.get(key) ?? parked, turn), context, state);
    return result;
  }

  function attempt(
    record: InboundRecord,
    key: string,
    context: HandlerContext<Resources>,
    state: PartitionState,
  ): HandlerResult | Promise<HandlerResult> {
    try {
      const result = handle?.(record, context);
      if (!isPromise(result)) return checkOutputs(record, result, outputs);
      return Promise.resolve(result).then(
        (value) => {
          try {
            return checkOutputs(record, value, outputs);
          } catch (error) {
            return died(error, record, key, context, state);
          }
        },
        (error: unknown) => died(error, record, key, context, state),
      );
    } catch (error) {
      return died(error, record, key, context, state);
    }
  }

  /** Notes that the key is parked, if this is the end of its record, and throws on what the handler threw. */
  async function died(
    error: unknown,
    record: InboundRecord,
    key: string,
    context: HandlerContext<Resources>,
    state: PartitionState,
  ): Promise<never> {
    const verdict = verdictOn(error, context.attempt, retry, context.signal.aborted);
    if (verdict.kind === 'dead-letter') {
      const { code, message } = verdict;
      await put(
        key,
        afterPoison(state.keys.get(key), turnOf(record, name), code, message.slice(0, 500)),
        context,
        state,
      );
    }
    throw error;
  }

  async function put(
    key: string,
    parked: ParkedKey,
    { signal, log }: HandlerContext<Resources>,
    state: PartitionState,
  ): Promise<void> {
    const before = state.keys.get(key);
    if (before === parked) return;
    await state.put(key, parked, signal);
    tellParked(log, before, parked);
  }

  return {
    ...definition,
    handle(record, context) {
      // A record without a key has none to park.
      if (record.key === null) return handle(record, context);
      const state = of(record, context);
      const key = record.key.toString('latin1');
      if (state.ready) return decide(record, key, context, state);
      return state.load().then(() => decide(record, key, context, state));
    },
  };
}
