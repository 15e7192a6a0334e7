import { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded, KafkaJSRequestTimeoutError } from 'kafkajs';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import { describe, expect, test } from 'vitest';
import * as failures from '../../../functions/kafka/kafkajs/failures.ts';

const { typeOf, ...judgements } = failures;

/** The judgements that hold of an error. */
const judged = (error: unknown): string[] =>
  Object.entries(judgements)
    .filter(([, holds]) => holds(error))
    .map(([name]) => name);

describe('what an error of a broker means', () => {
  // Codes of https://kafka.apache.org/protocol#protocol_error_codes
  test.each([
    [5, 'LEADER_NOT_AVAILABLE', ['isStaleLeader']],
    [6, 'NOT_LEADER_FOR_PARTITION', ['isStaleLeader']],
    [74, 'FENCED_LEADER_EPOCH', ['isStaleLeader']],
    [10, 'MESSAGE_TOO_LARGE', ['isTooLarge']],
    [18, 'RECORD_LIST_TOO_LARGE', ['isTooLarge']],
    [14, 'GROUP_LOAD_IN_PROGRESS', ['isNotCoordinator']],
    [15, 'GROUP_COORDINATOR_NOT_AVAILABLE', ['isNotCoordinator']],
    [16, 'NOT_COORDINATOR_FOR_GROUP', ['isNotCoordinator']],
    [22, 'ILLEGAL_GENERATION', ['isMembershipLost']],
    [25, 'UNKNOWN_MEMBER_ID', ['isMembershipLost']],
    [82, 'FENCED_INSTANCE_ID', ['isMembershipLost']],
    [45, 'OUT_OF_ORDER_SEQUENCE_NUMBER', ['isIdentityRefused']],
    [47, 'INVALID_PRODUCER_EPOCH', ['isIdentityRefused']],
    [59, 'UNKNOWN_PRODUCER_ID', ['isIdentityRefused']],
    [46, 'DUPLICATE_SEQUENCE_NUMBER', ['isAlreadyStored']],
    [27, 'REBALANCE_IN_PROGRESS', []], // no loss: the member still owns what it has, and may commit it
    [19, 'NOT_ENOUGH_REPLICAS', []],
    [20, 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', []],
    [3, 'UNKNOWN_TOPIC_OR_PARTITION', ['isTopicGone']],
  ])('%i, %s: %j', (code, type, expected) => {
    const error = createErrorFromCode(code);
    expect(error.type).toBe(type);
    expect(judged(error)).toEqual(expected);
  });
});

describe('what an error of kafkajs means', () => {
  test('is told by its name when it carries no type', () => {
    expect(judged(new KafkaJSConnectionError('refused'))).toEqual(['isConnectionTrouble']);
    const timeout = new KafkaJSRequestTimeoutError('slow', {
      broker: 'b',
      clientId: 'c',
      correlationId: 1,
      createdAt: 0,
      sentAt: 0,
      pendingDuration: 0,
    });
    expect(judged(timeout)).toEqual(['isConnectionTrouble']);
  });

  test('is that of its cause when it was tried too often', () => {
    const wrap = (cause: Error): Error => new KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 8, retryTime: 1 });
    expect(judged(wrap(createErrorFromCode(22)))).toEqual(['isMembershipLost']);
    expect(judged(wrap(wrap(createErrorFromCode(6))))).toEqual(['isStaleLeader']);
  });

  test.each([undefined, null, 'text', 42, {}, new Error('plain')])('of %s is nothing', (error) => {
    expect(judged(error)).toEqual([]);
    expect(['', 'Error']).toContain(typeOf(error));
  });
});
