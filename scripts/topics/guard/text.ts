import { table } from '../../support/table.ts';
import { count } from '../../support/words.ts';
import type { RepeatedFlags } from '../options.ts';
import type { ExaminedRisk } from '../plan.ts';
import type { Evidence } from './evidence.ts';

/** What stands against giving a topic more partitions, or what was accepted by name. */
export function riskLines(risk: ExaminedRisk, again: RepeatedFlags): string[] {
  const { topic, from, to, accepted, divisibility } = risk;
  const head = accepted
    ? `! ${topic}: ${from} -> ${to} partitions, accepted with --accept-key-movement.`
    : `✗ ${topic}: refused to add partitions, ${from} -> ${to}: ${reasonOf(risk)}.`;
  const lines = [head, ...divisibility.map((sentence) => `    ${sentence}: what follows it refuses to start.`)];
  if (risk.evidence) lines.push(...evidenceLines(topic, risk.evidence));
  else lines.push(`    How many keys would move is not known: ${risk.trouble?.replace(/\.$/, '')}.`);
  if (!accepted) lines.push(...safeWays(risk, again));
  return lines;
}

function reasonOf({ keyed, divisibility }: ExaminedRisk): string {
  if (!keyed) return 'its outputs rely on a count that divides';
  return `keys that move to another partition lose their order${divisibility.length > 0 ? ', and outputs rely on a count that divides' : ''}`;
}

function evidenceLines(topic: string, { held, movement, groups, unseen }: Evidence): string[] {
  const { records, keys, movedKeys, movedRecords, keyless, elsewhere } = movement;
  const lines: string[] = [];
  if (records === 0 && held === 0) lines.push(`    ${topic} holds no records now.`);
  else if (records === 0) lines.push(`    None of the ${number(held)} records that it holds could be read.`);
  else {
    lines.push(
      `    Of the last ${count(records, 'record')} with ${count(keys, 'key')}, ${percent(movedKeys, keys)} of the keys and ` +
        `${percent(movedRecords, records)} of the records would go to another partition.`,
    );
    if (keyless > 0) lines.push(`    ${percent(keyless, records)} of the records have no key.`);
    if (elsewhere > 0) {
      lines.push(
        `    ${percent(elsewhere, records)} are not where the default partitioner puts their key: whoever wrote them decides for itself where they go.`,
      );
    }
  }
  if (unseen) lines.push(`    ${count(unseen.count, 'group')} could not be seen (${unseen.cause}), and may read it.`);
  if (groups.length === 0) return [...lines, '    No group that this user may see has committed an offset of it.'];
  const rows = groups.map(({ groupId, state, members, lag }) => [groupId, state, String(members), number(lag)]);
  return [...lines, ...table([['group', 'state', 'members', 'lag'], ...rows]).map((line) => `  ${line}`)];
}

function safeWays({ topic, from, to }: ExaminedRisk, { target, accepted }: RepeatedFlags): string[] {
  const partitions = to % from === 0 ? to : from * 2;
  const migrate = `npm run topics -- migrate${target} --topic ${topic} --to ${topic}.v2 --partitions ${partitions} --plan`;
  return [
    '    Safe ways:',
    `      drain     stop what writes ${topic}, wait until the lag of each group is 0, then 'npm run topics -- apply${target}${accepted} --accept-key-movement ${topic}'`,
    `      cut over  to a new topic, with order kept per key: '${migrate}'`,
  ];
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function percent(part: number, whole: number): string {
  return `${whole === 0 ? 0 : ((100 * part) / whole).toFixed(1)} %`;
}
