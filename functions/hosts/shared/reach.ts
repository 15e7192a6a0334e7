import { connectionRefusal } from '../../kafka/kafkajs/connection-refusal.ts';
import { messageOf, StartupError } from '../../runtime/errors.ts';

const pauseMs = 500;
const firstPatienceMs = 4_000;

/**
 * Waits for a promise, but not for longer than until a time. What it brings after that is handed to `discard`; that it
 * fails after that is of no interest.
 * @param lateError what to reject with when the time has come
 */
export async function beforeTime<Result>(
  promise: Promise<Result>,
  endsAtMs: number,
  lateError: () => Error,
  discard: (late: Result) => unknown = () => undefined,
): Promise<Result> {
  let isLate = false;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        isLate = true;
        reject(lateError());
      },
      Math.max(0, endsAtMs - Date.now()),
    );
  });
  promise.then((result) => isLate && discard(result)).catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Repeats what a cluster that is just coming up refuses (but neither a login nor a certificate: that is not mended by trying), until the time is over, and not a moment longer. An attempt that
 * gets no answer is given up for a new one, with more patience each time: the next broker may be well.
 * @param attempt makes what it needs anew, and closes it when it fails
 * @param discard closes what an attempt brings after it was given up
 * @throws StartupError CLUSTER_UNREACHABLE
 */
export async function reach<Result>(
  attempt: () => Promise<Result>,
  bootstrapServers: readonly string[],
  timeoutMs: number,
  discard?: (late: Result) => unknown,
): Promise<Result> {
  const endsAtMs = Date.now() + timeoutMs;
  for (let patienceMs = firstPatienceMs; ; patienceMs *= 2) {
    try {
      const triedUntilMs = Math.min(endsAtMs, Date.now() + patienceMs);
      return await beforeTime(attempt(), triedUntilMs, () => new Error('no answer'), discard);
    } catch (error) {
      const refusal = connectionRefusal(error);
      if (refusal !== undefined) {
        const problem = `No broker of ${bootstrapServers.join(',')} will do (${refusal.cause}): ${refusal.remedy}.`;
        throw new StartupError('CLUSTER_UNREACHABLE', [problem], error);
      }
      if (Date.now() + pauseMs >= endsAtMs) {
        const problem =
          `The cluster at ${bootstrapServers.join(',')} did not answer as it should within ${timeoutMs} ms ` +
          `(${messageOf(error)}): check KAFKA_BOOTSTRAP_SERVERS, KAFKA_SECURITY, and that the cluster is up.`;
        throw new StartupError('CLUSTER_UNREACHABLE', [problem], error);
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
