/**
 * Loaded into a process that is measured (`node --import`): twice a second it adds a line to the file of HFT_BENCH_PROBE
 * with what V8 has allocated, what its collections took of the main thread, and what went over the process's sockets so far.
 * (A collection is told from its begin to its end: steps of marking and sweeping in between are not in it.) With
 * HFT_BENCH_PROFILE it does not: it profiles, until SIGUSR2 asks for the profile in that file. (A Lambda function is killed,
 * and `--cpu-prof` writes only what ends in order.)
 */
import diagnostics from 'node:diagnostics_channel';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { GCProfiler, getHeapStatistics } from 'node:v8';

const path = process.env.HFT_BENCH_PROBE ?? '';
const profilePath = process.env.HFT_BENCH_PROFILE ?? '';
const lookEveryMs = 500;
const sockets = new Set();
let collections = profilePath === '' ? started() : undefined;
let usedBytes = getHeapStatistics().used_heap_size;
let allocatedBytes = 0;
let gcUs = 0;
/** Of sockets that are closed. */
let closedRead = 0;
let closedWritten = 0;

diagnostics.subscribe('net.client.socket', ({ socket }) => {
  sockets.add(socket);
  socket.once('close', () => {
    sockets.delete(socket);
    closedRead += socket.bytesRead;
    closedWritten += socket.bytesWritten;
  });
});

function started() {
  const profiler = new GCProfiler();
  profiler.start();
  return profiler;
}

function look() {
  const { statistics } = collections.stop();
  collections = started();
  // What is used before a collection and was not behind the last one has been allocated in between.
  for (const { cost, beforeGC, afterGC } of statistics) {
    allocatedBytes += Math.max(0, beforeGC.heapStatistics.usedHeapSize - usedBytes);
    usedBytes = afterGC.heapStatistics.usedHeapSize;
    gcUs += cost;
  }
  const nowUsed = getHeapStatistics().used_heap_size;
  allocatedBytes += Math.max(0, nowUsed - usedBytes);
  usedBytes = nowUsed;
  let readBytes = closedRead;
  let writtenBytes = closedWritten;
  for (const socket of sockets) {
    readBytes += socket.bytesRead;
    writtenBytes += socket.bytesWritten;
  }
  const atUs = Number(process.hrtime.bigint() / 1000n);
  const { user, system } = process.cpuUsage();
  appendFileSync(
    path,
    `${JSON.stringify({ atUs, cpuUs: user + system, allocatedBytes, gcUs, readBytes, writtenBytes })}\n`,
  );
}

function startProfile() {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.start');
  process.once('SIGUSR2', () =>
    session.post('Profiler.stop', (_, { profile }) => {
      writeFileSync(`${profilePath}.part`, JSON.stringify(profile));
      renameSync(`${profilePath}.part`, profilePath);
    }),
  );
}

if (profilePath !== '') startProfile();
else {
  setInterval(look, lookEveryMs).unref();
  process.once('exit', look);
}
