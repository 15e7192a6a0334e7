import { expect, test } from 'vitest';
import { parseTimestamp } from '../../../functions/market/calendar.ts';
import { microsOf, timeText } from '../../../functions/market/micros.ts';

// As PostgreSQL reads them: years above 9999 have more digits, and there is no year 0.
test.each([
  ['2026-11-23T10:30:00.25+05:30', '2026-11-23T05:00:00.250000Z'],
  ['2026-11-23T10:30:00.123456789Z', '2026-11-23T10:30:00.123457Z'],
  ['1969-12-31T23:59:59.999999Z', '1969-12-31T23:59:59.999999Z'],
  ['9999-12-31T23:59:59.5-01:00', '10000-01-01T00:59:59.500000Z'],
  ['0001-01-01T00:00:00+05:30', '0001-12-31T18:30:00.000000Z BC'],
])('%s is %s', (given, text) => {
  expect(timeText(microsOf(parseTimestamp(given) ?? Number.NaN))).toBe(text);
});
