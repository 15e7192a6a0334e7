import { messageOf, StartupError } from '../../functions/runtime/errors.ts';
import { ensureTopics } from '../../scripts/topics/ensure.ts';
import { topics } from '../topics.ts';

/** The one-shot service of compose.yml: makes the declared topics, or says what differs and ends with 1. */
try {
  const brokers = (process.env.KAFKA_BOOTSTRAP_SERVERS ?? '').split(',');
  const { created, existing } = await ensureTopics(brokers, topics);
  process.stdout.write(`created: ${created.join(', ') || 'none'}; there already: ${existing.join(', ') || 'none'}\n`);
} catch (error) {
  const problems = error instanceof StartupError ? error.problems : [messageOf(error)];
  process.stderr.write(`${problems.join('\n')}\n`);
  process.exitCode = 1;
}
