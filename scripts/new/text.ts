import type { FileChange } from './lay-down.ts';
import type { NewFunction } from './options.ts';

/** What was written, or would be, and what to run next. */
export function laidDownText(spec: NewFunction, files: readonly FileChange[], written: boolean): string {
  const { name, source, output, deadLetters, declare } = spec;
  const head = `${name}: ${source} -> ${output}, dead letters to ${deadLetters}`;
  const list = files.map(({ path, kind }) => `  ${kind.padEnd(8)} ${path}`);
  const topics = declare.map((topic) => `  ${topic.name}, ${topic.partitions} partitions`);
  const declared = topics.length > 0 ? ['', 'Topics that are declared with it:', ...topics] : [];
  if (written) return [head, '', ...list, ...declared, '', 'Next:', ...nextSteps(spec), ''].join('\n');
  const texts = files
    .filter(({ kind }) => kind === 'new')
    .flatMap(({ path, text }) => ['', `--- ${path}`, text.trimEnd()]);
  return [`${head}. Nothing was written; this would be:`, '', ...list, ...declared, ...texts, ''].join('\n');
}

/** The same for a program. */
export function laidDownJson(spec: NewFunction, files: readonly FileChange[], written: boolean): string {
  return `${JSON.stringify({ function: spec, written, files, next: nextSteps(spec).map((one) => one.trim()) }, null, 2)}\n`;
}

function nextSteps({ name }: NewFunction): string[] {
  return [
    `  npx vitest run --project unit test/unit/${name}   # its test passes now: change it with the handler`,
    '  npm run check                                  # the gate before a commit',
    `  npm run build && KAFKA_BOOTSTRAP_SERVERS=host:port node dist/functions.mjs ${name}`,
  ];
}
