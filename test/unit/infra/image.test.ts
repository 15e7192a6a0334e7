import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { describeImage, dockerfileProblems } from '../../support/manifests/dockerfile.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const dockerfile = read('infra/image/Dockerfile');
const image = describeImage(dockerfile);

describe('the Dockerfile', () => {
  test('keeps the rules', () => {
    expect(dockerfileProblems(dockerfile)).toEqual([]);
  });

  test('runs the Node that the tests run on', () => {
    const { optionalDependencies } = JSON.parse(read('package.json')) as {
      optionalDependencies: Record<string, string>;
    };
    const nodes = Object.entries(optionalDependencies).filter(([name]) => name.startsWith('node-'));
    const versions = new Set(nodes.map(([, version]) => version));
    expect([...versions].map((version) => `node:${version}-slim`)).toEqual([image.from]);
  });

  test('holds the bundles, migrations and nothing else, and runs the processor unless told otherwise', () => {
    expect(image.copied).toEqual(['functions.mjs', 'database.mjs', 'schema.mjs', 'migrations']);
    expect(image.entrypoint).toEqual(['node']);
    expect(image.command).toEqual(['functions.mjs', 'processor']);
    // Deployments name a bundle with no folder.
    expect(dockerfile).toMatch(/^WORKDIR \/app$/m);
    expect(image.exposed).toEqual([image.env.METRICS_PORT]);
    expect(image.env.METRICS_HOST).toBe('0.0.0.0');
  });

  test.each<[what: string, from: string | RegExp, to: string, says: RegExp]>([
    ['a floating version', 'node:24.21.0-slim', 'node:latest', /DL3007: node:latest/],
    ['no version', 'node:24.21.0-slim', 'node', /DL3006: node has no version/],
    ['a major version only', 'node:24.21.0-slim', 'node:24-slim', /node:24-slim is not pinned/],
    ['root', 'USER 1000:1000\n', '', /DL3002: USER is root/],
    ['a user by name', 'USER 1000:1000', 'USER node', /DL3002: USER is node/],
    ['a shell in front of Node', 'ENTRYPOINT ["node"]', 'ENTRYPOINT node x', /DL3025: ENTRYPOINT/],
    ['no health check', /HEALTHCHECK[\s\S]*?\n\n/, '\n', /HEALTHCHECK is missing/],
    ['another signal', 'STOPSIGNAL SIGTERM', 'STOPSIGNAL SIGKILL', /STOPSIGNAL is SIGKILL/],
    ['ADD', 'COPY --chmod=444', 'ADD', /DL3020/],
    ['a relative folder', 'WORKDIR /app', 'WORKDIR app', /DL3000/],
    ['a secret', 'NODE_ENV=production', 'KAFKA_PASSWORD=x', /ENV KAFKA_PASSWORD/],
    ['a command to run', 'EXPOSE 9464', 'RUN npm ci', /RUN: the image is Node and a few files/],
    ['a misspelt instruction', 'EXPOSE 9464', 'EXPOSES 9464', /line \d+: .*EXPOSES/],
    ['a flag that there is none of', '--interval=30s', '--intervall=30s', /line \d+: .*intervall/],
    ['an unclosed list', 'CMD ["functions.mjs", "processor"]', 'CMD ["functions.mjs"', /DL3025: CMD/],
  ])('with %s is refused', (_what, from, to, says) => {
    const changed = dockerfile.replace(from, to);
    expect(changed).not.toBe(dockerfile);
    expect(dockerfileProblems(changed).join('\n')).toMatch(says);
  });
});

describe('the health check', () => {
  async function check(port: number): Promise<number | null> {
    const [program = '', ...args] = image.healthCommand ?? [];
    expect(program).toBe('node');
    const child = spawn(process.execPath, args, { env: { METRICS_PORT: String(port) }, stdio: 'ignore' });
    return new Promise((resolve) => child.once('close', resolve));
  }

  test.each([
    [200, 0],
    [503, 1],
  ])('of an instance whose /live answers %i ends with %i', async (status, code) => {
    const server = createServer((request, response) =>
      response.writeHead(request.url === '/live' ? status : 404).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await check(port)).toBe(code);
    await new Promise((resolve) => server.close(resolve));
    // Nobody listens there any more.
    expect(await check(port)).toBe(1);
  });
});
