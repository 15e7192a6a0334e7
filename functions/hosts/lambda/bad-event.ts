import { EngineError } from '../../runtime/errors.ts';

/** The event is not what a Kafka event source sends. The invocation fails, and the service sends the batch again. */
export class BadEventError extends EngineError {
  constructor(message: string) {
    super('BAD_EVENT', message);
  }
}
