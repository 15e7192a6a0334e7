import { contractsInContainer } from './container.ts';
import { type BenchResult, kb } from './report.ts';
import { totalUs } from './storage.ts';

type Row = readonly [what: string, ours: string, floor: string, ratio: string];

/** The rows of README's table of costs, as a record of the benchmark has them: Markdown, one line each. */
export function readmeRows(result: BenchResult): string[] {
  return [...costRows(result), ...manyRows(result), ...otherRows(result)].map((row) => `| ${row.join(' | ')} |`);
}

function costRows({ handler, container, function: lambda }: BenchResult): Row[] {
  const rows = (handler ?? []).flatMap((cost): Row[] => {
    const { contracts, handlerUs, floorUs, allocatedBytes, floorAllocatedBytes } = cost;
    const floor = `${us(floorUs)}, \`JSON.parse\` + \`JSON.stringify\` of the same bytes`;
    const allocated = (allocatedBytes / floorAllocatedBytes).toFixed(2);
    return [
      [`handler, ${contracts} contracts`, us(handlerUs), floor, cost.ratio.toFixed(2)],
      ["what it allocates of V8's heap", kb(allocatedBytes), `${kb(floorAllocatedBytes)}, the same`, allocated],
    ];
  });
  if (container) {
    const { oursUs, echoUs, echoRatio, bareUs, ratio, oursPerSecond, echoPerSecond, barePerSecond } = container;
    const echo = `${us(echoUs)}, a bare kafkajs loop that writes its input again, a third of the bytes`;
    rows.push([`container, ${contractsInContainer} contracts a record`, us(oursUs), echo, echoRatio.toFixed(2)]);
    rows.push(['', '', `${us(bareUs)}, a bare kafkajs loop that writes outputs of our size`, ratio.toFixed(2)]);
    const { platformaticUs, platformaticRatio, platformaticPerSecond } = container;
    const other = `${us(platformaticUs)}, a bare loop of \`@platformatic/kafka\` that writes outputs of our size`;
    rows.push(['', '', other, platformaticRatio.toFixed(2)]);
    const loops = `${[echoPerSecond, barePerSecond, platformaticPerSecond].map(count).join(', ')}, the bare loops`;
    rows.push(["records/s, one instance, in the container's run", count(oursPerSecond), loops, '']);
  }
  if (lambda) {
    const { batch, functionUs, containerUs, ratio, clientUs, hostRatio, dispatch, initMs, emptyInitMs } = lambda;
    const beside = `${us(containerUs)}, the container in the same run`;
    rows.push([`function, ${count(batch)} records an event`, us(functionUs), beside, ratio.toFixed(2)]);
    const host = `of it the function host, less ${us(clientUs)} of the Lambda runtime client`;
    rows.push([host, us(functionUs - clientUs), `${us(containerUs)}, the same`, hostRatio.toFixed(2)]);
    const alone = dispatch.hostUs - dispatch.base64Us;
    const decoding = `${us(dispatch.base64Us)}, decoding the base64`;
    rows.push([`function host alone, ${dispatch.batch} records an event`, us(alone), decoding, '']);
    const empty = `${emptyInitMs.toFixed(0)} ms, an empty handler`;
    rows.push(['initialisation of the function', `${initMs.toFixed(0)} ms`, empty, '']);
  }
  return rows;
}

function manyRows({ instances }: BenchResult): Row[] {
  if (instances === undefined) return [];
  const { instances: many, backlog, ours, bare, handler } = instances;
  const what = `${many} instances together on these cores, each a share of a backlog of ${count(backlog)}`;
  const one = `${us(ours.oneUs)}, one instance that has all of it`;
  const growth = (ratio: 'ratioToOne' | 'ratioToBusy' | 'ratio'): string =>
    `${bare[ratio].toFixed(2)} and ${handler[ratio].toFixed(2)}`;
  const others =
    'the same of bare kafkajs loops and of processes with the handler and no broker: beside one, beside one';
  return [
    [what, us(ours.togetherUs), one, ours.ratioToOne.toFixed(2)],
    [
      '',
      '',
      `${us(ours.oneBusyUs)}, that one beside processes that only compute, one a core`,
      ours.ratioToBusy.toFixed(2),
    ],
    ['', '', `${us(ours.inTurnUs)}, the same shares one after another`, ours.ratio.toFixed(2)],
    [
      `${others} on a machine kept busy so, in turn`,
      '',
      '',
      `${growth('ratioToOne')}; ${growth('ratioToBusy')}; ${growth('ratio')}`,
    ],
  ];
}

function otherRows({ latency, memory, storage }: BenchResult): Row[] {
  const rows: Row[] = [];
  if (latency) {
    const { rate, half, enrichedMs, rawMs, bare } = latency;
    const ms = ({ p50, p99 }: typeof rawMs): string => `${p50} and ${p99} ms`;
    const load = half ? `${count(rate)}/s, which leaves half of the machine idle` : `${count(rate)}/s`;
    const what = `from the feed's timestamp to the readable output at ${load}, p50 and p99`;
    rows.push([what, ms(enrichedMs), `${ms(bare.enrichedMs)}, a bare kafkajs loop`, '']);
    rows.push(['', '', `${ms(rawMs)}, until the input is readable`, '']);
  }
  if (memory) {
    const what = `memory of an instance, backlog of ${count(memory.backlog)}`;
    rows.push([what, `${memory.peakMb.toFixed(0)} MB`, '300 MB is the aim', '']);
  }
  if (storage) {
    const { ours, bare, contracts, ratio } = storage;
    const all = (cost: typeof ours): string => `${totalUs(cost).toFixed(2)} us`;
    const floor = `${all(bare)}, a bare \`COPY\` of the same rows: ${ratio.toFixed(2)}x its rows a CPU second`;
    rows.push([
      `storage, an option row of ${contracts} a snapshot, server and client`,
      all(ours),
      floor,
      (1 / ratio).toFixed(2),
    ]);
  }
  return rows;
}

function us(value: number): string {
  return `${value.toFixed(value < 50 ? 1 : 0)} us`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
