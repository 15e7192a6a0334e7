import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Figures } from '../../../scripts/simulate/simulation.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'hft-simulate-'));
  writeFileSync(join(dir, 'lazy.yaml'), 'calendar: null\nup: { windowSeconds: 60 }\n');
  writeFileSync(join(dir, 'good.csv'), 'seconds,rate\n0,1000\n60,90000\n120,1000\n600,1000\n');
  writeFileSync(join(dir, 'bad.csv'), 'seconds,rate\n0,1000\n60,many\n');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function run(script: string, ...args: string[]) {
  return spawnSync(process.execPath, [`${root}scripts/${script}.ts`, ...args], {
    cwd: dir,
    encoding: 'utf8',
    env: { ...process.env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
  });
}

describe('npm run simulate', () => {
  test('shows a trace under two policies, and draws them', () => {
    const { status, stdout, stderr } = run(
      'simulate',
      '--trace',
      'good.csv',
      '--compare',
      'lazy.yaml',
      '--svg',
      'two.svg',
    );
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('good.csv under policy processor: 10:01 from 2026-11-26 00:00:00');
    expect(stdout).toMatch(/^lag +[▁-█]+ /m);
    expect(stdout).toMatch(/^ +prod +lazy\.yaml$/m);
    expect(stdout).toMatch(/^ {2}peak lag +[\d,]+ +[\d,]+$/m);
    const svg = readFileSync(join(dir, 'two.svg'), 'utf8');
    expect(svg).toMatch(/^<svg /);
    expect(svg.match(/<polyline/g)).toHaveLength(5);
    expect(svg).not.toContain('NaN');
  });

  test('gives the day as data', () => {
    const { status, stdout } = run('simulate', '--json');
    expect(status).toBe(0);
    const { simulations } = JSON.parse(stdout) as { simulations: { seconds: number; figures: Figures }[] };
    expect(simulations).toEqual([expect.objectContaining({ policy: 'prod', trace: 'nse-day', seconds: 86_400 })]);
    expect(simulations[0]?.figures.scalings).toBeGreaterThan(3);
    const compared = run('simulate', '--trace', 'good.csv', '--compare', 'dev', '--json');
    expect(JSON.parse(compared.stdout)).toMatchObject({ simulations: [{ policy: 'prod' }, { policy: 'dev' }] });
  });

  test('sweeps a field', () => {
    const { status, stdout } = run('simulate', '--trace', 'good.csv', '--sweep', 'down.windowSeconds=30,300', '--json');
    expect(status).toBe(0);
    const { runs } = JSON.parse(stdout) as { runs: { value: number; figures: Figures }[] };
    expect(runs.map(({ value }) => value)).toEqual([30, 300]);
    expect(runs[0]?.figures.instanceHours).toBeLessThan(runs[1]?.figures.instanceHours ?? 0);
  });

  test('names the line and the field of a malformed trace, and writes nothing', () => {
    const ended = run('simulate', '--trace', 'bad.csv', '--svg', 'no.svg');
    expect(ended).toMatchObject({ status: 1, stdout: '' });
    expect(ended.stderr).toBe("simulate: bad.csv:3: rate: expected records/s from 0 to 1000000000, not 'many'\n");
    expect(existsSync(join(dir, 'no.svg'))).toBe(false);
  });

  test('says what a sweep cannot be, before it begins', () => {
    const ended = run('simulate', '--trace', 'good.csv', '--sweep', 'maximum=6,7');
    expect(ended).toMatchObject({ status: 1, stdout: '' });
    expect(ended.stderr).toContain('simulate: maximum=7: maximum: expected a divisor');
    expect(run('simulate', '--sweep', 'maximum=6', '--svg', 'no.svg').status).toBe(2);
  });
});

describe('npm run infra', () => {
  test('check holds, in a year whose holidays are declared', () => {
    expect(run('infra', 'check', '--at', '2026-11-26T09:10+05:30')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('as declared  infra/kubernetes/components/keda/analytics/scaled-object.yaml'),
    });
    const later = run('infra', 'check', '--at', '2027-01-01T09:10+05:30', '--json');
    expect(later.status).toBe(1);
    expect(JSON.parse(later.stdout)).toMatchObject({
      well: false,
      problems: [{ policy: 'prod', field: 'calendar.holidays', text: expect.stringContaining('for 2027') }],
    });
  });

  test('explains a state', () => {
    const args = ['explain', '--lag', '45000', '--rate', '60000', '--instances', '4', '--at', '2026-11-26T09:10+05:30'];
    const { status, stdout } = run('infra', ...args, '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      policy: 'processor',
      state: { lag: { total: 45_000 }, ratePerSecond: 60_000, instances: 4 },
      targets: [
        { target: 'local', instances: 6 },
        { target: 'keda', instances: 6 },
        { target: 'hpa', instances: 4 },
        {},
      ],
    });
  });

  test('called wrongly says what it takes', () => {
    const ended = run('infra', 'apply');
    expect(ended).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining("not 'apply'") });
  });
});
