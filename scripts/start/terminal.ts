import { createPen } from './ansi.ts';
import type { Display, DisplayOptions } from './display.ts';
import { restoreScreen } from './guard.ts';
import { type Command, readKeys } from './keys.ts';
import { layout } from './layout.ts';

const redrawMs = 250;
const enterScreen = '\u001b[?1049h\u001b[?25l\u001b[2J';
/** Terminals that know it show the whole frame at once; the others ignore it. */
const beginFrame = '\u001b[?2026h';
const endFrame = '\u001b[?2026l';

/** The live view: the alternate screen, of which only lines that changed are written again. */
export function openTerminal({ snapshot, perform, quit }: DisplayOptions): Display {
  const { stdin, stdout } = process;
  const utf8 = /utf-?8/i.test(process.env.LC_ALL || process.env.LC_CTYPE || process.env.LANG || '');
  const pen = createPen({ color: !process.env.NO_COLOR, unicode: utf8 || process.platform === 'darwin' });
  let shown: string[] = [];
  let selected: number | undefined;
  let quitting = false;
  let closed = false;

  function draw(): void {
    const { columns = 80, rows = 24 } = stdout;
    const lines = layout(snapshot(), { columns, rows, selected }, pen);
    let frame = '';
    for (const [index, line] of lines.entries()) {
      if (line !== shown[index]) frame += `\u001b[${index + 1};1H${line}\u001b[K`;
    }
    shown = lines;
    if (frame) stdout.write(beginFrame + frame + endFrame);
  }

  function redrawAll(): void {
    shown = [];
    stdout.write('\u001b[2J');
    draw();
  }

  function act(command: Command): void {
    if (command.kind === 'do') perform(command.action);
    else if (command.kind === 'kill') {
      perform(selected === undefined ? { kind: 'kill' } : { kind: 'kill', id: selected });
      selected = undefined;
    } else if (command.kind === 'choose') choose(command.step);
    else if (quitting) process.exit(130);
    else {
      quitting = true;
      quit();
    }
    draw();
  }

  /** Past either end nothing is chosen: keys then act on the last instance. */
  function choose(step: 1 | -1): void {
    const ids = snapshot()
      .instances.filter(({ state }) => state === 'active' || state === 'joining' || state === 'degraded')
      .map(({ id }) => id);
    const from = selected === undefined ? (step === 1 ? -1 : ids.length) : ids.indexOf(selected);
    selected = ids[from + step];
  }

  const onData = (data: Buffer): void => {
    for (const command of readKeys(data.toString('utf8'))) act(command);
  };

  function restore(): void {
    if (closed) return;
    closed = true;
    clearInterval(timer);
    stdout.off('resize', redrawAll);
    stdin.off('data', onData);
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
    stdout.write(restoreScreen);
    process.off('exit', restore).off('uncaughtExceptionMonitor', restore);
  }

  stdout.write(enterScreen);
  // Before the exception that ends the process is printed, or it would be printed on the screen that goes away.
  process.on('exit', restore).on('uncaughtExceptionMonitor', restore);
  if (stdin.isTTY) stdin.setRawMode(true).resume().on('data', onData);
  stdout.on('resize', redrawAll);
  const timer = setInterval(draw, redrawMs);
  draw();
  return { event: draw, close: restore };
}
