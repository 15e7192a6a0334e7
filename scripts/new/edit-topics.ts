import { CommandError } from '../support/command.ts';
import type { NewTopic } from './topics.ts';

const list = /^export const topics: readonly TopicDeclaration\[\] = \[\n(?: {2}(?:topic|parkedOf)\(.*\),\n)*(?=\];$)/m;
const pinned = /^ {4}\['[A-Za-z0-9._-]+', \d+, 3\],\n(?= {2}\]\);$)/m;

/**
 * infra/topics.ts with these topics declared too: from there `npm start`, the doctor, the tests' clusters and the template
 * for MSK get them.
 * @throws CommandError when the file is not written as it was known to be
 */
export function addTopics(text: string, topics: readonly NewTopic[]): string {
  const rows = topics.map(({ name, partitions, retentionDays, follows, parkedOf }) => {
    const after = follows === undefined ? '' : `, '${follows}'`;
    if (parkedOf !== undefined) return `  parkedOf('${parkedOf}', ${partitions}${after}),\n`;
    return `  topic('${name}', ${partitions}, ${retentionDays}${after}),\n`;
  });
  const changed = text.replace(list, (found) => found + rows.join(''));
  if (changed === text && rows.length > 0) {
    throw new CommandError(
      'infra/topics.ts is not as expected: it lacks the list `export const topics: readonly TopicDeclaration[] = [`, one ' +
        'topic(...) or parkedOf(...) a line. Nothing was written. Declare the topics by hand, or put the file back into its shape.',
    );
  }
  return changed;
}

/** The test that pins the declared topics, with these too; as it is when it pins them no more. */
export function addPinnedTopics(text: string, topics: readonly NewTopic[]): string {
  const rows = topics.map(({ name, partitions }) => `    ['${name}', ${partitions}, 3],\n`);
  return text.replace(pinned, (found) => found + rows.join(''));
}
