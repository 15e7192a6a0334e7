export interface ScalingOptions {
  readonly minPollers: number;
  readonly maxPollers: number;
  pollers(): number;
  /** Records that wait for a delivery. */
  waiting(): number;
  add(): Promise<void>;
  remove(): Promise<void>;
  onNotice(line: string): void;
}

const everyMs = 5_000;
/** So many records a poller that wait at two looks in a row ask for one more. */
const backlogPerPoller = 1_000;
/** So many looks in a row without anything waiting let one go. */
const idleLooks = 6;

/** Adds pollers while records pile up and lets them go again, one at a time: each time the group rebalances. */
export function scaleBy(options: ScalingOptions): { stop(): Promise<void> } {
  let behind = 0;
  let idle = 0;
  let changing: Promise<void> = Promise.resolve();
  let busy = false;

  function look(): void {
    if (busy) return;
    const waiting = options.waiting();
    behind = waiting > backlogPerPoller * options.pollers() ? behind + 1 : 0;
    idle = waiting === 0 ? idle + 1 : 0;
    if (behind >= 2 && options.pollers() < options.maxPollers) change(options.add);
    else if (idle >= idleLooks && options.pollers() > options.minPollers) change(options.remove);
  }

  function change(work: () => Promise<void>): void {
    behind = 0;
    idle = 0;
    busy = true;
    changing = work().then(
      () => options.onNotice(`${options.pollers()} pollers now`),
      (error: unknown) => options.onNotice(`The pollers could not be changed: ${String(error)}`),
    );
    void changing.finally(() => {
      busy = false;
    });
  }

  const timer = setInterval(look, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await changing;
    },
  };
}
