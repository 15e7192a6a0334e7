import { clipped, count, span } from '../support/words.ts';
import type { Examination } from './examination.ts';
import type { Section } from './text.ts';

/** What the outputs say about themselves. */
export function recordLines({ records, target }: Examination): Section | undefined {
  const sources = records?.sources;
  if (!sources || !target?.outputTopic) return undefined;
  if (sources.sampled === 0) return { headline: `none read back from ${target.outputTopic}`, lines: [] };
  const total = (rows: readonly { records: number }[]) => rows.reduce((sum, row) => sum + row.records, 0);
  const headline =
    `last ${sources.sampled} of ${target.outputTopic}: ${total(sources.doubled)} doubled, ` +
    `${total(sources.disordered)} out of order`;
  const { delay } = records;
  if (!delay) return { headline, lines: [] };
  const age = span(Math.max(0, Date.now() - delay.newestAtMs));
  return {
    headline,
    lines: [
      `  written ${span(Math.max(0, delay.medianMs))} after their inputs in the median, ${span(Math.max(0, delay.maxMs))} ` +
        `at most (the newest of ${count(delay.outputs, 'partition')}); the newest ${age} ago`,
    ],
  };
}

/** How many died, and the latest. */
export function deadLetterLines({ records, target }: Examination): Section | undefined {
  const letters = records?.deadLetters;
  if (!letters || !target) return undefined;
  if (letters.total === 0) return { headline: `none in ${target.deadLetterTopic}`, lines: [] };
  const codes = letters.byCode.slice(0, 6).map(({ code, records: sum }) => `${clipped(code, 40)} ${sum}`);
  const seenTo = letters.seenTo > 0 ? `, ${letters.seenTo} of them redriven or discarded` : '';
  const read =
    codes.length > 0 ? `of the last ${letters.sampled} that wait: ${codes.join(', ')}` : 'none of the last wait';
  const headline = `${letters.total} in ${target.deadLetterTopic}${seenTo}; ${read}`;
  const { latest } = letters;
  if (!latest) return { headline, lines: [] };
  return {
    headline,
    lines: [`  latest: ${clipped(latest.source, 80)}, ${clipped(latest.code, 40)}: ${clipped(latest.message, 160)}`],
  };
}
