import type { BenchResult } from './report.ts';
import { stages } from './stage-of.ts';

interface Bar {
  readonly name: string;
  readonly us: number;
  readonly ours: boolean;
}

const width = 860;
const labelWidth = 330;
const barHeight = 22;
const groupGap = 46;

/** The comparison as bars, an SVG: CPU microseconds a record, each group to a scale of its own. */
export function drawing(result: BenchResult): string {
  const shapes: string[] = [];
  let y = 40;
  for (const [title, bars] of groupsOf(result)) {
    const most = Math.max(...bars.map(({ us }) => us));
    shapes.push(`<text x="12" y="${y}" font-weight="600">${title}</text>`);
    for (const { name, us, ours } of bars) {
      y += barHeight;
      const wide = Math.max(1, (us / most) * (width - labelWidth - 110));
      shapes.push(
        `<text x="${labelWidth - 10}" y="${y}" text-anchor="end">${name}</text>` +
          `<rect x="${labelWidth}" y="${y - 12}" width="${wide.toFixed(1)}" height="15" fill="${ours ? '#2a63c4' : '#b9b8b0'}"/>` +
          `<text x="${(labelWidth + wide + 8).toFixed(1)}" y="${y}">${us.toFixed(1)} us</text>`,
      );
    }
    y += groupGap;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" font-family="system-ui, sans-serif" font-size="13">`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    ...shapes,
    '</svg>\n',
  ].join('\n');
}

function groupsOf({ handler, container, stages: parts, function: lambda, instances }: BenchResult): [string, Bar[]][] {
  const bar = (name: string, us: number, ours = false): Bar => ({ name, us, ours });
  return [
    ...(handler ?? []).map((cost): [string, Bar[]] => [
      `Handler, ${cost.contracts} contracts`,
      [bar('JSON.parse + JSON.stringify', cost.floorUs), bar('handler', cost.handlerUs, true)],
    ]),
    ...(container
      ? [
          [
            'Container, CPU a record',
            [
              bar('kafkajs loop, outputs of our size', container.bareUs),
              bar('kafkajs loop, its input again', container.echoUs),
              bar('hft-engine processor', container.oursUs, true),
            ],
          ] satisfies [string, Bar[]],
        ]
      : []),
    ...(parts
      ? [
          [
            'Container, where the CPU time of a record goes',
            stages.map((stage) => bar(stage, parts.us[stage], true)),
          ] satisfies [string, Bar[]],
        ]
      : []),
    ...(lambda
      ? [
          [
            'Function, CPU a record',
            [
              bar('runtime client alone', lambda.clientUs),
              bar('container', lambda.containerUs, true),
              bar('function', lambda.functionUs, true),
            ],
          ] satisfies [string, Bar[]],
        ]
      : []),
    ...(instances
      ? [
          [
            'Instances, CPU a record',
            [
              bar('1 instance', instances.ours.oneUs, true),
              bar(`${instances.instances} instances in turn`, instances.ours.inTurnUs, true),
              bar(`${instances.instances} instances together`, instances.ours.togetherUs, true),
            ],
          ] satisfies [string, Bar[]],
        ]
      : []),
  ];
}
