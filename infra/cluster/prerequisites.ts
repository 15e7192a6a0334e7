import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { CommandError } from '../../scripts/support/command.ts';

/** The result of trying a program: what it printed, or undefined when it is missing or failed. */
export type Probe = (program: string, args: readonly string[]) => Promise<string | undefined>;

/** What was found to run brokers with. `maven` is absent when the jars are here already and it is not needed. */
export type Engine =
  | { readonly kind: 'java'; readonly java: string; readonly maven?: string }
  | { readonly kind: 'docker' };

const leastJava = 17;

const tryProgram: Probe = (program, args) =>
  new Promise((resolve) => {
    execFile(program, [...args], { timeout: 15_000 }, (error, stdout, stderr) =>
      resolve(error ? undefined : `${stdout}\n${stderr}`),
    );
  });

/** The feature version in what `java -version` prints: 17 of `17.0.15`, 8 of `1.8.0_402`. */
export function javaVersion(printed: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(printed);
  return match ? Number(match[1]) : undefined;
}

/**
 * Finds what can run a cluster: Java 17 with Maven (or with jars that are here already), else Docker with a running
 * engine. When neither is there, a CommandError that says what was looked for, what was found, and the ways out.
 */
export async function findEngine(
  jarsReady: boolean,
  env: Readonly<Record<string, string | undefined>> = process.env,
  probe: Probe = tryProgram,
): Promise<Engine> {
  const java = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : 'java';
  const printed = await probe(java, ['-version']);
  const version = printed === undefined ? undefined : javaVersion(printed);
  const javaFits = version !== undefined && version >= leastJava;
  if (javaFits && jarsReady) return { kind: 'java', java };

  const maven = javaFits && (await probe('mvn', ['--version'])) !== undefined;
  if (maven) return { kind: 'java', java, maven: 'mvn' };

  const dockerEngine = await probe('docker', ['version', '--format', '{{.Server.Version}}']);
  const compose = dockerEngine === undefined ? undefined : await probe('docker', ['compose', 'version', '--short']);
  if (compose !== undefined) return { kind: 'docker' };

  const javaFound =
    version === undefined ? `\`${java}\` is not there or does not run` : `\`${java}\` is version ${version}`;
  const dockerFound =
    dockerEngine === undefined
      ? 'no Docker engine answers `docker version`'
      : '`docker compose version` fails: the compose plugin is missing';
  throw new CommandError(
    [
      'a local Kafka cluster needs Java and Maven, or Docker:',
      `  Java ${leastJava} or newer  ${javaFits ? `found: version ${version}` : `not found: ${javaFound}`}${
        env.JAVA_HOME ? ' (from JAVA_HOME)' : ''
      }`,
      `  Maven 3          ${javaFits ? 'not found: `mvn --version` fails (needed once, to fetch Kafka)' : 'not tried'}`,
      `  Docker           not found: ${dockerFound}`,
      'Ways out: install a JDK 17 and Maven (Debian, Ubuntu: apt-get install openjdk-17-jre-headless maven; macOS:',
      'brew install openjdk@17 maven), or start Docker, or set KAFKA_BOOTSTRAP_SERVERS to a cluster that runs elsewhere.',
    ].join('\n'),
  );
}
