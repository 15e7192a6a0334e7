import { describe, expect, test } from 'vitest';
import { account, run, uncertified } from './run.ts';

describe('called wrongly', () => {
  test('package says all of it at once, and writes nothing', async () => {
    const { code, stderr, stdout } = await run(
      ...(['package', '--stage', 'prod', '--param', 'clusterArn=market', '--param', 'subnetIds=subnet-0a'] as const),
      ...['--param', 'colour=red', '--param', 'loose', '--uncertified', 'all', 'extra'],
    );
    expect(code).toBe(2);
    expect(stdout).toBe('');
    for (const expected of [
      /clusterArn is 'market', but takes the ARN of an MSK cluster/,
      /bootstrapServers is missing/,
      /securityGroupIds is missing/,
      /alarmTopicArn is missing/,
      /--param colour is none of clusterArn/,
      /--param takes name=value, not 'loose'/,
      /--uncertified takes a SHA-256/,
      /'extra' is not expected/,
    ]) {
      expect(stderr).toMatch(expected);
    }
    expect(stderr).not.toMatch(/subnetIds is/);
  });

  test('a stage must be one of those that are there', async () => {
    const { code, stderr } = await run('deploy', '--stage', 'live', ...account.msk);
    expect(code).toBe(2);
    expect(stderr).toContain("--stage takes dev or prod, not 'live'");
  });

  test.each(['package', 'deploy'] as const)('%s explains itself', async (command) => {
    const { code, stdout } = await run(command, '--help');
    expect(code).toBe(0);
    for (const name of ['--stage', '--self-managed', '--param', 'clusterArn', 'secretArn'])
      expect(stdout).toContain(name);
  });
});

test('deploy without credentials of an account ends before anything is made, and says what to do', async () => {
  const { code, stderr, stdout } = await run('deploy', '--stage', 'dev', ...account.msk, ...(await uncertified()));
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/no credentials of an account: nothing was packaged or changed/);
  expect(stderr).toMatch(/--dry-run/);
});
