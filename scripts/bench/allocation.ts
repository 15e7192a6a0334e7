import { GCProfiler, getHeapStatistics } from 'node:v8';

/**
 * Bytes of V8's heap that a call of some work allocates. Memory of buffers is not on it. V8 has no counter of that: what is
 * used before a collection and was not behind the last one has been allocated in between.
 */
export function allocatedBy(work: () => unknown, calls: number): number {
  const profiler = new GCProfiler();
  const before = getHeapStatistics().used_heap_size;
  profiler.start();
  for (let call = 0; call < calls; call += 1) kept = work();
  const { statistics } = profiler.stop();
  const after = getHeapStatistics().used_heap_size;
  let usedBytes = before;
  let allocatedBytes = 0;
  for (const { beforeGC, afterGC } of statistics) {
    allocatedBytes += Math.max(0, beforeGC.heapStatistics.usedHeapSize - usedBytes);
    usedBytes = afterGC.heapStatistics.usedHeapSize;
  }
  if (kept === undefined) throw new Error('The measured work returned nothing.');
  return (allocatedBytes + Math.max(0, after - usedBytes)) / calls;
}

/** The last result stays reachable, so that none is optimised away. */
let kept: unknown;
