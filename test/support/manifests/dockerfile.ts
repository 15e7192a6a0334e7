import { type Cmd, DockerfileParser, type Entrypoint, type From, type Instruction } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';

/** What an image is told to do, in the last stage of its Dockerfile. */
export interface ImageDescription {
  readonly from: string;
  readonly user: string | undefined;
  readonly stopSignal: string | undefined;
  readonly entrypoint: readonly string[] | undefined;
  readonly command: readonly string[] | undefined;
  readonly healthCommand: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly exposed: readonly string[];
  readonly copied: readonly string[];
}

/** The strings of an instruction in exec form, `undefined` where it is in shell form. */
function execForm(instruction: Instruction | undefined): string[] | undefined {
  const text = instruction?.getRawArgumentsContent();
  const list = /\[.*\]$/s.exec(text ?? '')?.[0];
  if (list === undefined) return undefined;
  return JSON.parse(list) as string[];
}

/** Reads a Dockerfile. Build arguments are put in where their default is known. */
export function describeImage(text: string): ImageDescription {
  const file = DockerfileParser.parse(text);
  const last = <Kind extends Instruction>(keyword: string): Kind | undefined =>
    file.getInstructions().findLast((one) => one.getKeyword() === keyword) as Kind | undefined;
  const health = last<Cmd>('HEALTHCHECK');
  const defaults = new Map(file.getARGs().map((arg) => [arg.getProperty()?.getName(), arg.getProperty()?.getValue()]));
  const from = last<From>('FROM')?.getImage() ?? '';
  return {
    from: from.replace(/\$\{?(\w+)\}?/g, (whole, name: string) => defaults.get(name) ?? whole),
    user: last('USER')?.getArgumentsContent() ?? undefined,
    stopSignal: last('STOPSIGNAL')?.getArgumentsContent() ?? undefined,
    entrypoint: execForm(last<Entrypoint>('ENTRYPOINT')),
    command: execForm(last<Cmd>('CMD')),
    healthCommand: execForm(health),
    env: Object.fromEntries(
      file.getENVs().flatMap((env) => env.getProperties().map((one) => [one.getName(), one.getValue() ?? ''])),
    ),
    exposed: file
      .getInstructions()
      .filter((one) => one.getKeyword() === 'EXPOSE')
      .flatMap((one) => one.getArguments().map((argument) => argument.getValue())),
    copied: file
      .getCOPYs()
      .flatMap((copy) => copy.getArguments().slice(0, -1))
      .map((argument) => argument.getValue()),
  };
}

/** What is wrong with a Dockerfile, one line each: what the builder would refuse, and hadolint's rules that apply here. */
export function dockerfileProblems(text: string): string[] {
  const problems = validate(text).map(({ range, message }) => `line ${range.start.line + 1}: ${message}`);
  const file = DockerfileParser.parse(text);
  const image = describeImage(text);
  const tag = /:([^:/@]+)(?:@.*)?$/.exec(image.from)?.[1];
  if (tag === undefined) problems.push(`DL3006: ${image.from} has no version`);
  if (tag === 'latest') problems.push(`DL3007: ${image.from} is whatever is newest`);
  if (tag !== undefined && !/^\d+\.\d+\.\d+/.test(tag)) problems.push(`${image.from} is not pinned to a whole version`);
  if (image.user === undefined || !/^[1-9]\d*(:[1-9]\d*)?$/.test(image.user)) {
    problems.push(`DL3002: USER is ${image.user ?? 'root'}, not the number of one that is not root`);
  }
  if (image.entrypoint === undefined)
    problems.push('DL3025: ENTRYPOINT is not in exec form: a shell takes the signals');
  if (image.command === undefined) problems.push('DL3025: CMD is not in exec form');
  if (image.healthCommand === undefined) problems.push('HEALTHCHECK is missing, or needs a shell');
  if (image.stopSignal !== 'SIGTERM') problems.push(`STOPSIGNAL is ${image.stopSignal ?? 'left out'}, not SIGTERM`);
  for (const instruction of file.getInstructions()) {
    const keyword = instruction.getKeyword();
    if (keyword === 'ADD') problems.push('DL3020: ADD also fetches and unpacks; COPY does what it says');
    if (keyword === 'RUN') problems.push('RUN: the image is Node and a few files; nothing is to be run to make it');
    if (keyword === 'WORKDIR' && !instruction.getArgumentsContent()?.startsWith('/')) {
      problems.push('DL3000: WORKDIR is not absolute');
    }
  }
  const secret = Object.keys(image.env).find((name) => /PASSWORD|SECRET|TOKEN|KEY/.test(name));
  if (secret !== undefined) problems.push(`ENV ${secret} would be in every layer's history`);
  return problems;
}
