import type { TopicDeclaration } from '../../../infra/topics.ts';
import { type Answered, changeTimeoutMs, insist, slow } from './insist.ts';
import type { Session } from './session.ts';

/** Brokers refuse a request for more than 2,000 partitions. */
const partitionsPerRequest = 1_000;

interface Waiting {
  readonly topic: TopicDeclaration;
  readonly answer: (answered: Answered) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Creates topics: those that are wanted at the same moment go into one request, which takes hardly longer than that of
 * one of them. Each gets its own answer.
 */
export function topicCreator(session: Session): (topic: TopicDeclaration) => Promise<Answered> {
  let waiting: Waiting[] = [];

  async function flush(): Promise<void> {
    const wanted = waiting;
    waiting = [];
    for (const chunk of chunksOf(wanted)) {
      try {
        await createAll(session, chunk);
      } catch (error) {
        for (const { fail } of chunk) fail(error);
      }
    }
  }

  return (topic) =>
    new Promise((answer, fail) => {
      if (waiting.length === 0) setImmediate(() => void flush());
      waiting.push({ topic, answer, fail });
    });
}

function chunksOf(wanted: readonly Waiting[]): Waiting[][] {
  const chunks: Waiting[][] = [];
  let room = 0;
  for (const one of wanted) {
    if (room < one.topic.partitions || chunks.length === 0) {
      chunks.push([]);
      room = partitionsPerRequest;
    }
    chunks.at(-1)?.push(one);
    room -= one.topic.partitions;
  }
  return chunks;
}

async function createAll(session: Session, wanted: readonly Waiting[]): Promise<void> {
  const answers = await insist(
    session,
    wanted.map(({ topic }) => topic.name),
    async (names) => {
      const topics = wanted
        .filter(({ topic }) => names.includes(topic.name))
        .map(({ topic: { name, partitions, replicationFactor, configs } }) => ({
          topic: name,
          numPartitions: partitions,
          replicationFactor,
          configEntries: Object.entries(configs).map(([key, value]) => ({ name: key, value: String(value) })),
        }));
      const args = { topics, validateOnly: false, timeout: changeTimeoutMs } as const;
      const { topicErrors } = await session.ask((broker) => broker.ask('CreateTopics', args, slow));
      return topicErrors.map(({ topic: name, errorCode, errorMessage }) => ({ name, errorCode, errorMessage }));
    },
  );
  for (const { topic, answer } of wanted) answer(answers.get(topic.name) ?? noAnswer);
}

const noAnswer: Answered = { errorCode: -1, errorMessage: 'the answer does not name it' };
