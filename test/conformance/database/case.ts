import type { Database } from '../../../functions/database/port.ts';
import type { TestDatabase } from '../../support/database.ts';
import type { EnrichedJson } from '../../support/snapshots.ts';
import type { Host, Observed, Work } from '../work.ts';

/** A work of a function that has a database, and what is done meanwhile. */
export interface DatabaseCase extends Work {
  readonly functionName: 'storage' | 'analytics';
  /** How often each record is delivered, in all. */
  readonly deliveries: number;
  readonly course: (run: Run) => Promise<void>;
  /** All that the tables hold in the end. */
  readonly rows: readonly StoredMessage[];
  /** The results, by the `partition/offset` of what they are of. */
  readonly results?: ReadonlyMap<string, string>;
  /** Part of `npm test`; the others are in `npm run certify`. */
  readonly short?: true;
}

/** A message, and the place in `market.raw` that its row has to name. */
export interface StoredMessage {
  readonly json: EnrichedJson;
  readonly source: { readonly partition: number; readonly offset: number };
}

/** The records of a case on their way through a function, the same in all places. */
export interface Running {
  /** The source topic, under whose name positions are kept; the group of storage has the same. */
  readonly topic: string;
  /** Hands over the next so many records of each partition. */
  write(to: readonly number[]): Promise<void>;
  /** Waits until all that was handed over is done. */
  done(): Promise<void>;
  /** Waits until the function stands at these offsets and says that a dependency is down, and sees to it that it stays there. */
  stands(at: readonly number[]): Promise<void>;
  /** Hands over all of it once more, to another process. */
  again(): Promise<void>;
  /** Ends it, and reads what was published. */
  end(): Promise<Observed>;
}

/** What the course of a case is made of. */
export interface Run extends Omit<Running, 'end'> {
  readonly servers: TestDatabase;
  readonly database: Database;
  /** Has storage store what lies before these offsets. */
  store(before: readonly number[]): Promise<void>;
  /** Another owner claims all partitions. */
  claim(): Promise<void>;
  /** Sees to it that the next deliveries write no row anew. */
  keepRows(): Promise<void>;
}

/** A place where a function of dist/database.mjs can run. */
export interface Place {
  readonly name: Host['name'];
  begin(one: DatabaseCase, bundle: string, env: Readonly<Record<string, string>>): Promise<Running>;
}

/** What was seen of a case in one place. */
export interface Seen {
  readonly observed: Observed;
  /** The tables, a row a line. */
  readonly tables: readonly string[];
  readonly problems: readonly string[];
}
