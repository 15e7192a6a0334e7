import { type Feed, type FeedOptions, startFeed } from '../feed/start.ts';

/** The feed of the pipeline, and bursts of poison beside it. */
export interface Feeder {
  setRate(perSecond: number): void;
  /** Feeds so many bad records, in every way there is. */
  poison(count: number): Promise<void>;
  /** Records that the brokers have acknowledged, bursts included. */
  acknowledged(): number;
  /** Resolves when everything sent is acknowledged. */
  stop(): Promise<void>;
  /** Rejects when the feed fails. */
  readonly failed: Promise<never>;
}

export async function startFeeder(options: FeedOptions): Promise<Feeder> {
  const feed = await startFeed(options);
  const feeds: Feed[] = [feed];
  const failed = Promise.withResolvers<never>();
  feed.done.catch(failed.reject);
  failed.promise.catch(() => undefined); // whoever does not wait for it must not die of it
  return {
    setRate: feed.setRate,
    async poison(count) {
      // Another seed for each, or every burst would spoil the same records in the same ways.
      const seed = 1_000 + feeds.length;
      const burst = await startFeed({ ...options, forMs: undefined, count, rate: 0, poisonShare: 1, seed });
      feeds.push(burst);
      await burst.done;
    },
    acknowledged: () => feeds.reduce((sum, one) => sum + one.report().acknowledged, 0),
    async stop() {
      await Promise.all(feeds.map((one) => one.stop()));
    },
    failed: failed.promise,
  };
}
