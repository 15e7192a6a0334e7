import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

const youngGenerationBytes = 32 * 1_048_576;
const lookEveryMs = 50;

/**
 * Keeps V8's young generation at 32 MB. By default it grows to 128 MB under a backlog, and never shrinks: more than all
 * that the instance holds on purpose. The flag is read at every collection; it can only be set once the size is right,
 * since it stops growth from there on.
 */
export function limitYoungGeneration(): void {
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    if (young === undefined) clearInterval(timer);
    else if (young.space_size >= youngGenerationBytes) {
      setFlagsFromString('--semi-space-growth-factor=1');
      clearInterval(timer);
    }
  }, lookEveryMs);
  timer.unref();
}
