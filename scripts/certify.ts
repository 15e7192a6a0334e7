import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { digestOf } from '../functions/program.ts';
import { kafkaVersion } from '../infra/cluster/jars.ts';
import { cannot } from '../test/conformance/features.ts';
import { runSuite } from './certify/suite.ts';
import { findRuntimeClient } from './event-source/client.ts';
import { buildBundle } from './support/bundle.ts';
import { type Certificate, certificatePath } from './support/certificate.ts';
import { CommandError, runCommand } from './support/command.ts';

const hostsInAll = 3;

await runCommand(
  {
    name: 'certify',
    summary: 'Runs the whole conformance suite on the bundle in every host, and writes dist/certificate.json.',
    usage: ['[--json]'],
    options: { json: { type: 'boolean', default: false } },
    describe: { json: 'Print the certificate itself.' },
    notes: ['Takes some minutes, on a Kafka cluster of its own. `npm run package` asks for a passing certificate.'],
  },
  async ({ json }) => {
    rmSync(certificatePath, { force: true });
    const bundle = await buildBundle();
    const sha256 = digestOf(bundle.path);
    process.stderr.write(`Bundle ${sha256}: ${Math.round(bundle.bytes / 1_024)} KB\n`);
    const { hosts, differences, errors } = await runSuite();
    if (digestOf(bundle.path) !== sha256) throw new CommandError('the bundle changed while it was being certified');
    const failed = hosts.flatMap((host) => host.failed);
    const passed = hosts.length === hostsInAll && [...failed, ...differences, ...errors].length === 0;
    const certificate: Certificate = {
      passed,
      bundle: { path: 'dist/functions.mjs', sha256, bytes: bundle.bytes },
      at: new Date().toISOString(),
      versions: versions(),
      hosts,
      differences,
      cannot: cannot(),
    };
    mkdirSync(dirname(certificatePath), { recursive: true });
    writeFileSync(certificatePath, `${JSON.stringify(certificate, null, 2)}\n`);
    for (const error of errors) process.stderr.write(`certify: ${error}\n`);
    process.stdout.write(json ? `${JSON.stringify(certificate, null, 2)}\n` : text(certificate));
    return passed ? 0 : 1;
  },
);

function versions(): Record<string, string> {
  const { devDependencies, dependencies, optionalDependencies } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  const known = { ...devDependencies, ...dependencies, ...optionalDependencies };
  const named = ['kafkajs', 'pino', 'aws4fetch', 'esbuild'].filter((name) => name in known);
  return {
    node: process.version,
    kafka: kafkaVersion(),
    runtimeClient: findRuntimeClient().genuine ? 'aws-lambda-ric' : 'a stand-in',
    ...Object.fromEntries(named.map((name) => [name, installedVersion(name) ?? `${known[name]}, not installed`])),
  };
}

function installedVersion(name: string): string | undefined {
  try {
    return JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8')).version;
  } catch {
    return undefined;
  }
}

function text({ passed, hosts, differences, bundle, cannot: missing }: Certificate): string {
  const lines = hosts.map(({ host, cases, passed: good, failed }) =>
    [`${host.padEnd(10)} ${good} of ${cases} cases`, ...failed.map((name) => `  failed: ${name}`)].join('\n'),
  );
  return [
    ...lines,
    `differences: ${differences.length === 0 ? 'none' : differences.join('; ')}`,
    ...missing.map((one) => `${one.host} cannot: ${one.case}. ${one.why}`),
    `${passed ? 'Certified' : 'NOT certified'}: ${bundle.sha256}`,
    '',
  ].join('\n');
}
