import { expect, test } from 'vitest';
import { findEngine, javaVersion, type Probe } from '../../../infra/cluster/prerequisites.ts';
import { CommandError } from '../../../scripts/support/command.ts';

const java17 = 'openjdk version "17.0.15" 2025-04-15';
const java11 = 'openjdk version "11.0.22" 2024-01-16';

/** A machine on which the given command lines work, each known by how it begins. */
function machine(programs: Readonly<Record<string, string>>): Probe {
  return async (program, args) => {
    const line = [program, ...args].join(' ');
    return Object.entries(programs).find(([beginning]) => line.startsWith(beginning))?.[1];
  };
}

const docker = { 'docker version': '28.2.2', 'docker compose version': '2.36.2' };

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['openjdk version "21" 2023-09-19', 21],
  ['java version "1.8.0_402"', 8],
  ['The operation could not be completed. Unable to locate a Java Runtime.', undefined],
])('reads %s', (printed, version) => {
  expect(javaVersion(printed)).toBe(version);
});

test('Java and Maven come first, even when Docker is there', async () => {
  const probe = machine({ 'java -version': java17, 'mvn --version': 'Apache Maven 3.8.7', ...docker });

  expect(await findEngine(false, {}, probe)).toEqual({ kind: 'java', java: 'java', maven: 'mvn' });
});

test('with the jars here, Maven is not needed', async () => {
  expect(await findEngine(true, {}, machine({ 'java -version': java17 }))).toEqual({ kind: 'java', java: 'java' });
});

test('JAVA_HOME goes before the PATH', async () => {
  const probe = machine({ '/jdk/bin/java -version': java17, 'java -version': java11 });

  expect(await findEngine(true, { JAVA_HOME: '/jdk' }, probe)).toEqual({ kind: 'java', java: '/jdk/bin/java' });
});

test.each([
  ['no Java', {}],
  ['an old Java', { 'java -version': java11, 'mvn --version': 'Apache Maven 3.8.7' }],
  ['Java without Maven', { 'java -version': java17 }],
])('%s: Docker', async (_, programs) => {
  expect(await findEngine(false, {}, machine({ ...programs, ...docker }))).toEqual({ kind: 'docker' });
});

test.each([
  ['nothing', {}, ['Java 17 or newer  not found: `java` is not there', 'Docker           not found: no Docker engine']],
  ['an old Java', { 'java -version': java11 }, ['not found: `java` is version 11']],
  ['no Maven', { 'java -version': java17 }, ['found: version 17', 'Maven 3          not found']],
  ['no compose plugin', { 'docker version': '28.2.2' }, ['the compose plugin is missing']],
])('%s: an error that says what was looked for and the ways out', async (_, programs, parts) => {
  const error = await findEngine(false, {}, machine(programs)).catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(CommandError);
  for (const part of [...parts, 'Ways out: install a JDK 17 and Maven', 'KAFKA_BOOTSTRAP_SERVERS']) {
    expect(String(error)).toContain(part);
  }
});
