/**
 * Loaded into an instance (`node --import`): its clock is off by what the file of HFT_FAULTS_CLOCK says, in ms. The clock
 * of waits (`performance.now`, timers) stays right, as it does when somebody sets a machine's time.
 */
import { readFileSync } from 'node:fs';

// Pollers are the service's, and nobody sets its clock: only that of the functions that they call.
const isPoller = process.argv[1]?.endsWith('event-source.ts') ?? false;
const RealDate = Date;
const path = process.env.HFT_FAULTS_CLOCK ?? '';
let offMs = 0;

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + offMs);
    else super(...given);
  }

  static now() {
    return RealDate.now() + offMs;
  }
};

if (!isPoller) {
  setInterval(() => {
    try {
      offMs = Number(readFileSync(path, 'utf8')) || 0;
    } catch {
      // Nobody has set it yet.
    }
  }, 50).unref();
}
