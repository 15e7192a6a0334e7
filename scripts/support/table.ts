/** Lines of cells in aligned columns, two spaces apart and indented by two. A column of numbers goes to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const numeric = widths.map((_, column) =>
    rows.slice(1).every((row) => /^[\d,.]*(%|\/s)?$/.test(row[column] ?? '') && row[column] !== ''),
  );
  return rows.map((row) =>
    `  ${row
      .map((cell, column) => (numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')}`.trimEnd(),
  );
}

/** Words in lines of at most so many characters, indented by two. */
export function wrapped(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && line.length + 1 + word.length > width - 2) {
      lines.push(`  ${line}`);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return line === '' ? lines : [...lines, `  ${line}`];
}
