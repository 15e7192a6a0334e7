import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { otherSteps } from '../../../scripts/check/others.ts';

const folder = mkdtempSync(join(tmpdir(), 'hft-check-'));
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true }));

const step = (name: string): (() => string | undefined) =>
  otherSteps.find((one) => one.name.startsWith(name))?.run ?? (() => `no step ${name}`);

test.each(['hadolint', 'docker compose', 'kubectl: overlays', 'kubectl: what', 'kubernetes-validate'])(
  'without %s, a check was not made',
  (name) => {
    vi.stubEnv('PATH', folder);
    expect(step(name)()).toMatch(/^not checked: looked for (hadolint|docker|kubectl), and it is not there \(/);
  },
);

test('what a validator says is the problem, and its silence none', () => {
  const hadolint = join(folder, 'hadolint');
  vi.stubEnv('PATH', `${folder}:/bin:/usr/bin`);
  writeFileSync(hadolint, '#!/bin/sh\necho "$1:1 DL3007"; exit 1\n');
  chmodSync(hadolint, 0o755);
  expect(step('hadolint')()).toBe('infra/image/Dockerfile:1 DL3007\n');
  writeFileSync(hadolint, '#!/bin/sh\necho fine\n');
  expect(step('hadolint')()).toBeUndefined();
});
