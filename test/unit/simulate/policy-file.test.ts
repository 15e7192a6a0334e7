import { describe, expect, test } from 'vitest';
import { scaling } from '../../../infra/scaling.ts';
import { loadPolicy, parsePolicy, withField } from '../../../scripts/support/policy-file.ts';

describe('a policy file', () => {
  test('changes the fields that it has', () => {
    const policy = parsePolicy('lazy.yaml', 'maximum: 6\ndown: { windowSeconds: 900 }\ncalendar: null\n');
    expect(policy).toEqual({
      ...scaling,
      name: 'lazy',
      maximum: 6,
      down: { ...scaling.down, windowSeconds: 900 },
      calendar: null,
    });
  });

  test('can be JSON, and bring holidays of another year', () => {
    const { calendar } = parsePolicy('a.json', '{"minimum": 3, "calendar": {"holidays": {"2027": ["2027-01-26"]}}}');
    expect(Object.keys(calendar?.holidays ?? {})).toEqual(['2026', '2027']);
  });

  test.each([
    ['minimum: 2\nmaximum: 7\n', 'p.yaml:2: maximum: expected a divisor of the 60 partitions'],
    ['down:\n  windowSeconds: 5000\n', 'p.yaml:2: down.windowSeconds: expected 0 to 3,600 s'],
    [
      'calendar:\n  sessions:\n    - { name: x, from: "9:15", to: "15:30", minimum: 4 }\n',
      'p.yaml:3: calendar.sessions[0].from: expected HH:MM',
    ],
    ['calendar:\n  sessions: [1]\n', 'p.yaml:2: calendar.sessions[0]: expected a name, from, to and minimum'],
    ['calendar:\n  holidays:\n    2026: [5]\n', 'p.yaml:3: calendar.holidays.2026[0]: expected a date of 2026'],
    ['maxmum: 6\n', 'p.yaml:1: maxmum: is no field of a policy'],
    ['up: { factor: 3 }\n', 'p.yaml:1: up.factor: is no field of a policy'],
    ['minimum: two\n', 'p.yaml:1: minimum: expected a number, not text'],
    ['minimum: 2\n  maximum: 6\n', 'p.yaml:'],
    ['- 1\n', 'p.yaml: expected fields of a policy'],
  ])('%j is refused with its line and field', (text, message) => {
    expect(() => parsePolicy('p.yaml', text)).toThrow(message);
  });

  test('that is not there is told, with the names that are', () => {
    expect(() => loadPolicy('/nowhere/p.yaml')).toThrow(
      'cannot read /nowhere/p.yaml (ENOENT): expected one of dev, prod, storage, storage-function, analytics, analytics-function, local, burst',
    );
    expect(loadPolicy('prod')).toBe(scaling);
  });

  test('one field can be set by its path', () => {
    expect(withField(scaling, 'down.windowSeconds', 60).down).toEqual({ ...scaling.down, windowSeconds: 60 });
    expect(() => withField(scaling, 'down.window', 60)).toThrow(
      'down.window is no field with a number. There are partitions, minimum',
    );
  });
});
