import { readFileSync } from 'node:fs';
import { digestOf } from '../functions/program.ts';
import { kafkaVersion } from '../infra/cluster/jars.ts';
import { cannot } from '../test/conformance/features.ts';
import { runSuite } from './certify/suite.ts';
import { findRuntimeClient } from './event-source/client.ts';
import { buildBundle, bundles } from './support/bundle.ts';
import { type Certificate, readCertificates, writeCertificates } from './support/certificate.ts';
import { CommandError, runCommand, UsageError } from './support/command.ts';

const hostsInAll = 3;

const names = bundles.map(({ outfile }) => outfile);

await runCommand(
  {
    name: 'certify',
    summary: 'Runs the whole conformance suite on each bundle in every host, and writes dist/certificate.json.',
    usage: ['[--json]', '--bundle dist/database.mjs'],
    options: { bundle: { type: 'string' }, json: { type: 'boolean', default: false } },
    describe: {
      bundle: `Only one of ${names.join(', ')}: the certificates of the others stay as they are.`,
      json: 'Print the certificates themselves.',
    },
    notes: [
      'Takes some minutes, on a Kafka cluster of its own. `npm run package` and `npm run image` ask for a passing',
      'certificate of each bundle that they take.',
    ],
  },
  async ({ bundle: only, json }) => {
    const chosen = bundles.filter(({ outfile }) => only === undefined || outfile === only);
    if (chosen.length === 0) throw new UsageError(`--bundle takes ${names.join(' or ')}, not '${only}'`);
    const isChosen = ({ bundle }: Certificate) => chosen.some(({ outfile }) => outfile === bundle?.path);
    const certificates = readCertificates().filter((one) => !isChosen(one));
    // What is being certified has no certificate meanwhile.
    writeCertificates(certificates);
    const made: Certificate[] = [];
    for (const bundle of chosen) {
      made.push(await certify(bundle));
      writeCertificates([...certificates, ...made]);
    }
    process.stdout.write(json ? `${JSON.stringify({ certificates: made }, null, 2)}\n` : made.map(text).join(''));
    return made.every(({ passed }) => passed) ? 0 : 1;
  },
);

async function certify({ entry, outfile }: (typeof bundles)[number]): Promise<Certificate> {
  const { path, bytes } = await buildBundle({ entry, outfile });
  const sha256 = digestOf(path);
  process.stderr.write(`${outfile} ${sha256}: ${Math.round(bytes / 1_024)} KB\n`);
  const { hosts, differences, errors } = await runSuite(outfile);
  if (digestOf(path) !== sha256) throw new CommandError(`${outfile} changed while it was being certified`);
  for (const error of errors) process.stderr.write(`certify: ${error}\n`);
  const failed = hosts.flatMap((host) => host.failed);
  return {
    passed: hosts.length === hostsInAll && [...failed, ...differences, ...errors].length === 0,
    bundle: { path: outfile, sha256, bytes },
    at: new Date().toISOString(),
    versions: versions(),
    hosts,
    differences,
    cannot: cannot(),
  };
}

function versions(): Record<string, string> {
  const { devDependencies, dependencies, optionalDependencies } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  const known = { ...devDependencies, ...dependencies, ...optionalDependencies };
  const named = ['kafkajs', 'pino', 'aws4fetch', 'pg', 'esbuild'].filter((name) => name in known);
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
  const lines = [
    bundle.path,
    ...hosts.map(({ host, cases, passed: good, failed }) =>
      [`${host.padEnd(10)} ${good} of ${cases} cases`, ...failed.map((name) => `  failed: ${name}`)].join('\n'),
    ),
  ];
  return [
    ...lines,
    `differences: ${differences.length === 0 ? 'none' : differences.join('; ')}`,
    ...missing.map((one) => `${one.host} cannot: ${one.case}. ${one.why}`),
    `${passed ? 'Certified' : 'NOT certified'}: ${bundle.sha256}`,
    '',
  ].join('\n');
}
