import { inFlight } from './conditions.ts';
import { parkingOf, type Scenario } from './scenario.ts';

/** What is not committed yet when a redrive looks is for the next one. */
const mostRedrives = 5;

export const parked: Scenario = {
  name: 'parked',
  summary: 'Keys are parked, kill -9 under load and under the redrive: all that waited comes back, in order.',
  parks: true,
  containerOnly: 'the pollers of this suite call the processor',
  promised: (conditions) => ({ doubled: 2 * inFlight(conditions) }),
  async run(stage) {
    const { members, crew, mark, rest } = stage;
    const { stopWriting, mend, redrive } = parkingOf(stage);
    mark('kill -9');
    await members[0]?.kill();
    await crew.settled();
    await rest(3_000);
    await stopWriting();
    await stage.committed();
    mend();
    mark('redrive');
    const killUnderIt = async (): Promise<void> => {
      await rest(1_500);
      mark('kill -9 under the redrive');
      await members[1]?.kill();
    };
    let [done] = await Promise.all([redrive(), killUnderIt()]);
    for (let tries = 1; !done && tries < mostRedrives; tries += 1) {
      await crew.settled();
      await stage.committed();
      done = await redrive();
    }
    if (!done) throw new Error(`keys are still parked after ${mostRedrives} redrives`);
  },
};
