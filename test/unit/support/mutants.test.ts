import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { buildBundle } from '../../../scripts/support/bundle.ts';
import { buildTestBundle } from '../../support/mutants.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

test('a bundle with a bug is what ships, but for the bug', async () => {
  const unharmed = await buildTestBundle({});
  const fault = {
    file: 'functions/hosts/lambda/host.ts',
    find: "'Records left undone: ",
    replace: "'Records forgotten: ",
  };
  const harmed = await buildTestBundle({ fault });
  try {
    const shipped = await buildBundle({ outfile: relative(root, join(dirname(unharmed.path), 'shipped.mjs')) });
    const [as, shouldBe, wrong] = [unharmed, shipped, harmed].map(({ path }) => readFileSync(path, 'utf8'));
    expect(as === shouldBe).toBe(true); // not toBe of the texts: nobody wants to read that difference
    expect(wrong?.replace('Records forgotten: ', 'Records left undone: ') === shouldBe).toBe(true);
    expect(wrong === shouldBe).toBe(false);
  } finally {
    unharmed.remove();
    harmed.remove();
  }
});
