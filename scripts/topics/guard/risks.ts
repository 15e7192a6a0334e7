import type { TopicDeclaration } from '../../../infra/topics.ts';
import type { Step } from '../difference.ts';
import type { LiveTopic } from '../target.ts';

/** Partitions that a topic would get, and what that endangers. */
export interface Risk {
  readonly topic: string;
  readonly from: number;
  readonly to: number;
  /** Whether the order of the topic's keys is relied on. */
  readonly keyed: boolean;
  /** What would no longer divide, one sentence each. */
  readonly divisibility: readonly string[];
}

/** The steps that could break the order of keys. */
export function risksOf(
  steps: readonly Step[],
  declared: readonly TopicDeclaration[],
  live: readonly LiveTopic[],
): Risk[] {
  const counts = countsAfter(declared, live);
  return steps.flatMap((step): Risk[] => {
    if (step.kind !== 'add-partitions') return [];
    const { name: topic, from, to } = step;
    const keyed = declared.find(({ name }) => name === topic)?.unordered !== true;
    const divisibility = declared.flatMap(({ name, follows }) => {
      if (follows === undefined || (name !== topic && follows !== topic)) return [];
      const [own, source] = [counts.get(name), counts.get(follows)];
      if (own === undefined || source === undefined || source % own === 0) return [];
      return [`${name} would have ${own} partitions, which do not divide the ${source} of ${follows}`];
    });
    return keyed || divisibility.length > 0 ? [{ topic, from, to, keyed, divisibility }] : [];
  });
}

/** How many partitions each declared topic would have: Kafka takes none away. */
function countsAfter(declared: readonly TopicDeclaration[], live: readonly LiveTopic[]): Map<string, number> {
  return new Map(
    declared.map(({ name, partitions }) => {
      const actual = live.find((topic) => topic.name === name)?.partitions ?? 0;
      return [name, Math.max(partitions, actual)];
    }),
  );
}
