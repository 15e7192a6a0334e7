import { openLines } from './lines.ts';
import type { Action } from './plan.ts';
import type { Snapshot } from './snapshot.ts';
import { openTerminal } from './terminal.ts';

/** Where a run is shown. */
export interface Display {
  /** Something happened, or is being waited for. */
  event(text: string): void;
  close(): void;
}

export interface DisplayOptions {
  readonly terminal: boolean;
  readonly snapshot: () => Snapshot;
  readonly perform: (action: Action) => void;
  readonly quit: () => void;
}

/** A live view on a terminal, plain lines elsewhere. */
export function openDisplay(options: DisplayOptions): Display {
  return options.terminal ? openTerminal(options) : openLines(options.snapshot);
}
