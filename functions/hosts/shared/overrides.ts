import type { FunctionDefinition } from '../../runtime/contract.ts';
import type { Settings } from '../../runtime/settings.ts';

/** The definition with the topics and the group that the settings name in place of its own. */
export function withOverrides<Resources>(
  declared: FunctionDefinition<Resources>,
  settings: Settings,
): FunctionDefinition<Resources> {
  const output = settings.outputTopic ?? declared.output;
  return {
    ...declared,
    group: settings.groupId ?? declared.group,
    source: settings.sourceTopic ?? declared.source,
    deadLetters: settings.deadLetterTopic ?? declared.deadLetters,
    ...(output === undefined ? {} : { output }),
  };
}
