import { backlog } from './backlog.ts';
import { brokerFrozen } from './broker-frozen.ts';
import { brokerKilled, otherBrokerKilled } from './broker-killed.ts';
import { brokerStopped } from './broker-stopped.ts';
import { brokersRestarted } from './brokers-restarted.ts';
import { clockStep } from './clock-step.ts';
import { cutOff, cutOffOne } from './cut-off.ts';
import { deadLettersHang, deadLettersSlow } from './dead-letters-late.ts';
import { deadLettersRefused } from './dead-letters-refused.ts';
import { delayed } from './delayed.ts';
import { diskFull } from './disk-full.ts';
import { frozen } from './frozen.ts';
import { join } from './join.ts';
import { kill, killShortSession } from './kill.ts';
import { offsetsEarliest, offsetsOutOfRange } from './offsets-out-of-range.ts';
import { outputDeleted } from './output-deleted.ts';
import { parked } from './parked.ts';
import { poison } from './poison.ts';
import { reset } from './reset.ts';
import { rolling } from './rolling.ts';
import type { Scenario } from './scenario.ts';
import { sigterm } from './sigterm.ts';
import { slowPartition } from './slow-partition.ts';
import { sourceDeleted, sourceRemade } from './source-deleted.ts';
import { steady } from './steady.ts';
import { stranger } from './stranger.ts';

/** All of them, in the order in which they run. */
export const scenarios: readonly Scenario[] = [
  ...[steady, join, sigterm, rolling, kill, killShortSession, frozen, clockStep],
  ...[cutOff, cutOffOne, delayed, reset, slowPartition],
  ...[
    brokerStopped,
    brokersRestarted,
    brokerKilled,
    otherBrokerKilled,
    brokerFrozen,
    diskFull,
    outputDeleted,
    sourceDeleted,
    sourceRemade,
    offsetsOutOfRange,
    offsetsEarliest,
  ],
  ...[poison, parked, deadLettersRefused, deadLettersSlow, deadLettersHang, stranger, backlog],
];
