import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Instance } from '../../support/instance.ts';
import { type Pipeline, sharesOf } from '../../support/pipeline.ts';
import type { Meanwhile, Trouble, Work } from '../work.ts';
import { dropMembers, firstCommits, groupState, positionsOf } from './group.ts';
import { observe, untilAllWritten } from './observe.ts';

/** What was done with a work that goes wrong: the instances that run now, and what there was meanwhile. */
export interface Course {
  readonly instances: readonly Instance[];
  readonly meanwhile?: Meanwhile;
}

type Way = (pipeline: Pipeline, work: Work) => Promise<Course>;

const begins = 'Interrupted handler begins';
/** An instance learns of a rebalance from its next heartbeat: they come every 500 ms. */
const heartbeatsMs = 1_500;

/** Told to stop, the instance leaves in time, and another goes on. */
const deadline: Way = async (pipeline) => {
  const instance = pipeline.start();
  await instance.line(begins);
  const { code } = await instance.stop();
  if (code !== 0) throw new Error(`The instance ended with ${code} when it was told to stop`);
  return { instances: [pipeline.start()] };
};

/** Nothing of the process runs any more: its liveness probe says so, and whoever runs it ends it. */
const endlessLoop: Way = async (pipeline) => {
  const instance = pipeline.start();
  await instance.line(begins);
  const answered = await Promise.race([instance.get('/live').then(() => true), sleep(2_000, false)]);
  if (answered) throw new Error('An instance in an endless loop says that it lives');
  await instance.kill();
  return { instances: [pipeline.start()] };
};

/** A second member joins while a handler is under way: the first one lets it end, commits, and begins no other. */
const revoked: Way = async (pipeline, work) => {
  const first = pipeline.start();
  await first.line(begins);
  while (first.lines.filter(({ msg }) => msg === begins).length < work.partitions) await sleep(50);
  const second = pipeline.start();
  // One that does not wait for its handlers may be over with the rebalance before anybody has seen it.
  while (second.assigned === undefined && (await groupState(pipeline)) !== 'PreparingRebalance') await sleep(50);
  await sleep(heartbeatsMs);
  writeFileSync(fileOf(work), '');
  await sharesOf([first, second], work.partitions);
  await untilAllWritten(pipeline, work);
  const { deadLetters } = await observe(pipeline);
  return {
    instances: [first, second],
    meanwhile: { standsAt: await firstCommits(pipeline, work.partitions), deadLetters: deadLetters.length },
  };
};

/** The group drops its member while a handler is under way, as when its session has expired. It joins again by itself. */
const lost: Way = async (pipeline, work) => {
  const instance = pipeline.start();
  await instance.line(begins);
  await sleep(heartbeatsMs); // what is done by now is published, and could be committed
  await dropMembers(pipeline);
  await instance.line('Partitions lost');
  await instance.line('Interrupted handler ends');
  await untilAllWritten(pipeline, work);
  if (instance.lines.some(({ msg }) => msg.startsWith('Commit refused')))
    throw new Error('It tried to commit after all');
  const { deadLetters } = await observe(pipeline);
  return {
    instances: [instance],
    meanwhile: { standsAt: await positionsOf(pipeline, work.partitions), deadLetters: deadLetters.length },
  };
};

const ways = {
  deadline,
  'endless loop': endlessLoop,
  'partitions revoked': revoked,
  'partitions lost': lost,
} as const satisfies Partial<Record<Trouble, Way>>;

/** Takes an instance, or two, through what may go wrong around it. */
export function through(trouble: keyof typeof ways, pipeline: Pipeline, work: Work): Promise<Course> {
  return ways[trouble](pipeline, work);
}

/** The file by which handlers of this work are told from one delivery to the next. */
function fileOf({ records }: Work): string {
  for (const { value } of records) {
    const { file } = JSON.parse(String(value));
    if (typeof file === 'string') return file;
  }
  throw new Error('no record of this work names a file');
}
