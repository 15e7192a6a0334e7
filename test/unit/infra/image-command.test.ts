import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../functions/program.ts';
import { buildImage } from '../../../scripts/image/build-image.ts';
import { type ImageFlags, readImageOptions } from '../../../scripts/image/options.ts';
import { buildBundle, bundles } from '../../../scripts/support/bundle.ts';
import { requireCertificates } from '../../../scripts/support/certificate.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hft-image-'));
const digests: string[] = [];
/** Both, as --uncertified takes them. */
let all = '';

beforeAll(async () => {
  for (const { entry, outfile } of bundles) digests.push(digestOf((await buildBundle({ entry, outfile })).path));
  all = digests.join(',');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The file that `npm run certify` writes, as far as it is looked at here. */
const certificatesOf = (passed: boolean, ...all: readonly string[]): string =>
  JSON.stringify({ certificates: all.map((sha256) => ({ passed, bundle: { sha256 } })) });

/** Runs the command as a person would, on a machine that has these programs and no others. */
function image(programs: Readonly<Record<string, string>>, ...args: readonly string[]): ReturnType<typeof spawnSync> {
  const path = mkdtempSync(join(folder, 'path-'));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(path, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(path, name), 0o755);
  }
  const env = { ...process.env, PATH: path };
  return spawnSync(process.execPath, ['scripts/image.ts', ...args], { cwd: root, env, encoding: 'utf8' });
}

/** What docker's client says where its engine does not run. */
const noDaemon = 'echo "Cannot connect to the Docker daemon at unix:///var/run/docker.sock." >&2; exit 1';

describe('an image', () => {
  test('of a bundle without a passing certificate is refused, and each is told', () => {
    const both = [
      { name: 'functions.mjs', sha256: 'aa'.repeat(32) },
      { name: 'database.mjs', sha256: 'bb'.repeat(32) },
    ];
    const certificate = join(folder, 'gate.json');
    const ask = (uncertified?: string) => requireCertificates(both, { uncertified }, certificate);
    expect(() => ask('ab'.repeat(32))).toThrow(
      /^functions\.mjs: .* has no certificate: run npm run certify, or.*\n {2}database\.mjs: .* has no certificate/,
    );
    writeFileSync(certificate, certificatesOf(true, 'cd'.repeat(32)));
    expect(ask).toThrow(/the certificate is of bundle cdcdcdcdcdcd/);
    writeFileSync(certificate, certificatesOf(false, ...both.map(({ sha256 }) => sha256)));
    expect(ask).toThrow(/failed its conformance suite/);
    // One of two is not both, unless the other is told by name.
    writeFileSync(certificate, certificatesOf(true, 'aa'.repeat(32)));
    expect(ask).toThrow(/^database\.mjs: the certificate is of bundle aaaaaaaaaaaa/);
    expect(ask('bb'.repeat(32)).map((one) => one.certificate)).toEqual(['passing', 'waived']);
  });

  test('is refused before any engine is looked for', async () => {
    const options = readImageOptions({ engine: 'buildah', uncertified: digests[0] }, []);
    await expect(buildImage(options, { certificate: join(folder, 'none.json') })).rejects.toThrow(
      /^database\.mjs: bundle/,
    );
  });

  test('of those with a passing certificate is made', async () => {
    const certificate = join(folder, 'passing.json');
    writeFileSync(certificate, certificatesOf(true, ...digests));
    const made = await buildImage(readImageOptions({}, []), { certificate, dryRun: true });
    const [functions, database] = digests;
    expect(made).toMatchObject({
      bundles: [
        { file: 'functions.mjs', sha256: functions, certificate: 'passing' },
        { file: 'database.mjs', sha256: database, certificate: 'passing' },
      ],
      tag: 'hft-engine:0.1.0',
    });
  });

  test('needs an engine, and says of each what it lacks', () => {
    const { status, stdout, stderr } = image({ docker: noDaemon }, '--uncertified', all);
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('docker: found, but it cannot build: Cannot connect to the Docker daemon');
    expect(stderr).toContain('podman: not found on PATH');
    expect(stderr).toContain('buildah: not found on PATH');
  });

  test('is built by the first engine that can, of a folder with what the image holds and nothing else', () => {
    const buildah = `[ "$1" = version ] || { for last; do :; done; echo "$@"; for file in "$last"/*; do echo "in: $file"; done; }`;
    const built = image({ docker: noDaemon, buildah }, '--uncertified', all, '--tag', 'r.example/x:1.2.3', '--json');
    expect(built.stderr).toMatch(
      /^build --file \S+infra\/image\/Dockerfile --tag r\.example\/x:1\.2\.3 --format docker /,
    );
    for (const [index, file] of ['functions.mjs', 'database.mjs'].entries()) {
      expect(built.stderr).toContain(`--label hft-engine.${file}.sha256=${digests[index]} `);
      expect(built.stderr).toMatch(new RegExp(`--label hft-engine.${file}.certificate=(waived|passing) `));
    }
    const report = JSON.parse(String(built.stdout)) as { command: string[]; built: boolean; engine: string };
    const context = report.command.at(-1) ?? '';
    const files = ['database.mjs', 'functions.mjs', 'migrations', 'schema.mjs'];
    expect(String(built.stderr).match(/^in: .*$/gm)).toEqual(files.map((file) => `in: ${context}/${file}`));
    expect(readdirSync(`${context}/migrations`)).toEqual(readdirSync(`${root}/infra/database/migrations`));
    expect(report).toMatchObject({ built: true, engine: 'buildah' });
    expect(['functions.mjs', 'database.mjs'].map((file) => digestOf(`${context}/${file}`))).toEqual(digests);
    expect(built.status).toBe(0);
  });

  test('that the engine could not build is no image', () => {
    const { status, stdout, stderr } = image({ podman: '[ "$1" = version ]' }, '--uncertified', all);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('podman build ended with 1');
  });

  test('is shown without an engine by --dry-run', () => {
    const { status, stdout } = image({}, '--uncertified', all, '--dry-run', '--base', 'mirror.example/node:24.21.0');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Would build hft-engine:0\.1\.0 with docker:\n {2}docker build --file /);
    expect(stdout).toContain('--build-arg NODE_IMAGE=mirror.example/node:24.21.0');
  });
});

test('the command that was called wrongly says all of it, and ends with 2', () => {
  const { status, stderr } = image({}, '--engine', 'kaniko', '--tag', 'hft-engine:latest', 'now');
  expect(status).toBe(2);
  expect(stderr).toContain("--engine takes docker, podman, buildah, not 'kaniko'");
  expect(stderr).toContain("'latest' says nothing of what runs");
  expect(stderr).toContain("'now' is not expected");
});

test.each<[flags: ImageFlags, says: RegExp]>([
  [{ tag: 'hft-engine' }, /--tag takes a name and a version/],
  [{ tag: 'registry:5000/hft-engine' }, /--tag takes a name and a version/],
  [{ tag: 'Hft:1' }, /--tag takes a name and a version/],
  [{ tag: '--push:1' }, /--tag takes a name and a version/],
  [{ base: '' }, /--base takes the name of an image/],
  [{ uncertified: 'all' }, /--uncertified takes a SHA-256/],
])('%j is refused', (flags, says) => {
  expect(() => readImageOptions(flags, [])).toThrow(says);
});

test('a registry with a port is no version', () => {
  expect(readImageOptions({ tag: 'registry:5000/team/hft-engine:1.2.3' }, []).tag).toMatch(/1\.2\.3$/);
});
