import { deadLetterOf, oneLine } from './dead-letter.ts';
import type { Delivery, DeliveryOwner } from './delivery.ts';
import { type DeadLetterCode, stackOf } from './errors.ts';
import type { LaneRuntime } from './lane-contract.ts';
import { wireBytes } from './publisher.ts';

/** Why a record is dead. */
export interface Death {
  readonly code: DeadLetterCode;
  readonly message: string;
  readonly error: unknown;
}

/** The dead letters of a lane that are on their way. */
export interface Burials {
  /** While the dead-letter topic fails, nothing overtakes a record that is on its way there. */
  hold(): boolean;
  bury(delivery: Delivery, death: Death): void;
  /** The dead letter of this record is stored. */
  buried(code: DeadLetterCode): void;
}

export function createBurials(
  {
    definition,
    deadLetters,
    metrics,
    log,
  }: Omit<LaneRuntime<unknown>, 'definition'> & { definition: { name: string } },
  partition: number,
  owner: DeliveryOwner,
): Burials {
  let outstanding = 0;
  return {
    hold: () => outstanding > 0 && deadLetters.degraded,
    bury(delivery, { code, message, error }) {
      const { topic, offset } = delivery.record;
      const stack = code === 'HANDLER_FAILED' ? { stack: stackOf(error) } : {};
      const fields = { topic, partition, offset, code, error: oneLine(message), attempts: delivery.attempts, ...stack };
      log.warn(fields, 'Record goes to the dead-letter topic');
      delivery.deadCode = code;
      delivery.pending += 1;
      outstanding += 1;
      const letter = deadLetterOf(delivery.record, {
        code,
        message,
        functionName: definition.name,
        attempts: delivery.attempts,
      });
      deadLetters.publish(partition % deadLetters.partitionCount, letter, wireBytes(letter), delivery, owner);
    },
    buried(code) {
      metrics.recordsDead[code] += 1;
      outstanding -= 1;
    },
  };
}
