import type { Frame } from './profile-tree.ts';

const width = 1_200;
const rowHeight = 17;
const headHeight = 34;
/** Narrower frames are left out: nobody can read or point at them. */
const leastWidth = 0.6;
const letterWidth = 6.2;

/**
 * A flame graph (Gregg, "The Flame Graph", CACM 59/6) as an SVG that needs nothing else: each box is a function, as wide
 * as the CPU time of it and of what it called; callees stand above their caller, side by side by time, not in order of
 * calls. Pointing at a box shows its name, place and share.
 */
export function flameGraph(root: Frame, title: string): string {
  const boxes: string[] = [];
  const usWidth = root.totalUs > 0 ? width / root.totalUs : 0;
  const depth = depthOf(root, usWidth);
  const height = headHeight + depth * rowHeight + 8;

  function draw(frame: Frame, x: number, level: number): void {
    const wide = frame.totalUs * usWidth;
    if (wide < leastWidth) return;
    const y = height - 8 - (level + 1) * rowHeight;
    const share = ((100 * frame.totalUs) / root.totalUs).toFixed(1);
    const own = ((100 * frame.selfUs) / root.totalUs).toFixed(1);
    const place = frame.place === '' ? '' : `, ${frame.place}`;
    const letters = Math.floor((wide - 6) / letterWidth);
    const label =
      letters < 3 ? '' : `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escaped(clip(frame.name, letters))}</text>`;
    boxes.push(
      `<g><title>${escaped(`${frame.name}${place}: ${share} %, itself ${own} %`)}</title>` +
        `<rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.5, wide - 0.5).toFixed(1)}" height="${rowHeight - 1}" fill="${colourOf(frame)}"/>${label}</g>`,
    );
    let at = x;
    for (const callee of [...frame.callees.values()].toSorted((left, right) => right.totalUs - left.totalUs)) {
      draw(callee, at, level + 1);
      at += callee.totalUs * usWidth;
    }
  }
  draw(root, 0, 0);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, monospace" font-size="11">`,
    `<rect width="100%" height="100%" fill="#ffffff"/><text x="8" y="21" font-size="14" font-family="system-ui, sans-serif">${escaped(title)}</text>`,
    ...boxes,
    '</svg>\n',
  ].join('\n');
}

function depthOf(frame: Frame, usWidth: number): number {
  if (frame.totalUs * usWidth < leastWidth) return 0;
  let deepest = 0;
  for (const callee of frame.callees.values()) deepest = Math.max(deepest, depthOf(callee, usWidth));
  return deepest + 1;
}

function clip(text: string, letters: number): string {
  return text.length <= letters ? text : `${text.slice(0, letters - 1)}\u2026`;
}

/** Garbage collection grey, native code and Node blue, the bundle in warm tones that differ by name. */
function colourOf({ name, place }: Frame): string {
  if (name === '(garbage collector)') return '#b9b9b4';
  if (place === '' || place.startsWith('node:')) return '#a9c8ee';
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + letter.charCodeAt(0)) % 997;
  return `hsl(${18 + (hash % 34)} 88% ${66 + (hash % 12)}%)`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
