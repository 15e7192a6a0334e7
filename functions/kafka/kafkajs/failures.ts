/** What kafkajs' errors mean. They carry a protocol `type` or just a `name`; all telling apart happens here. */

const staleLeaders: ReadonlySet<string> = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'REPLICA_NOT_AVAILABLE',
  'OFFSET_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
]);

const connectionTroubles: ReadonlySet<string> = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSGroupCoordinatorNotFound',
]);

const coordinatorMoves: ReadonlySet<string> = new Set([
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
]);

const membershipLosses: ReadonlySet<string> = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
]);

const sizeRefusals: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

const identityRefusals: ReadonlySet<string> = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
]);

/** The protocol error's type, or the error's name. Retries wrap errors: the innermost cause tells. */
export function typeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { type, name, cause } = error as { type?: unknown; name?: unknown; cause?: unknown };
  if (typeof type === 'string' && type !== '') return type;
  if (name === 'KafkaJSNumberOfRetriesExceeded' && cause !== undefined) return typeOf(cause);
  return typeof name === 'string' ? name : '';
}

export const isStaleLeader = (error: unknown): boolean => staleLeaders.has(typeOf(error));
export const isConnectionTrouble = (error: unknown): boolean => connectionTroubles.has(typeOf(error));
/** The group is looked after by another broker now, or by one that is still reading its log. */
export const isNotCoordinator = (error: unknown): boolean => coordinatorMoves.has(typeOf(error));
/** The coordinator has given our partitions away. */
export const isMembershipLost = (error: unknown): boolean => membershipLosses.has(typeOf(error));
export const isTooLarge = (error: unknown): boolean => sizeRefusals.has(typeOf(error));
/** The broker does not know our producer id, or where its sequence stands: a new id is needed. */
export const isIdentityRefused = (error: unknown): boolean => identityRefusals.has(typeOf(error));
/** The broker already has this batch: as good as an acknowledgement. */
export const isAlreadyStored = (error: unknown): boolean => typeOf(error) === 'DUPLICATE_SEQUENCE_NUMBER';
/** The offset is before the log's first or after its last. */
export const isOffsetOutOfRange = (error: unknown): boolean => typeOf(error) === 'OFFSET_OUT_OF_RANGE';
/** A broker knows no such topic or partition: its leader, or any that was asked for metadata. */
export const isTopicGone = (error: unknown): boolean => typeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION';
/** A right is missing, of a topic or of the whole cluster. */
export const isUnauthorized = (error: unknown): boolean => typeOf(error).endsWith('_AUTHORIZATION_FAILED');
/** The broker itself cannot read what it stored. */
export const isUnreadable = (error: unknown): boolean => typeOf(error) === 'CORRUPT_MESSAGE';
