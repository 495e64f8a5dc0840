/** The clocks and the random numbers of a grant, as the texts that flags and files hold. */
import { bad } from './check.ts';

/** `fixed=TIME`: a time that stands; `from=TIME`: a clock that goes on from a time. */
export type ClocksGrant = 'system' | 'none' | `fixed=${string}` | `from=${string}`;

/** `seed=NUMBER`: the same numbers in every run. */
export type RandomGrant = 'system' | 'none' | `seed=${string}`;

const TIMES = '"system", "none", "fixed=TIME" or "from=TIME", TIME like 2026-01-31T12:00:00Z';
const RANDOM = '"system", "none" or "seed=NUMBER", NUMBER from 0 to 18446744073709551615';

/** RFC 3339: a day, and with it a time of day with its zone. */
const TIME = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d))?$/;

/** Nanoseconds since 1970 of an RFC 3339 text; undefined for other texts, days that there are not, and times before 1970. */
export function parseTime(text: string): bigint | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [, day = '', time = '00:00:00', fraction = '', zone = 'Z'] = match;
  const milliseconds = Date.parse(`${day}T${time}${zone.toUpperCase()}`);
  // Days such as February 30th are taken for the beginning of March by some engines.
  const midnight = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(milliseconds) || Number.isNaN(midnight.getTime()) || milliseconds < 0) return undefined;
  if (midnight.toISOString().slice(0, 10) !== day) return undefined;
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/** How a grant's clocks go. */
export type ClockRule = { readonly kind: 'system' | 'none' } | { readonly kind: 'fixed' | 'from'; readonly at: bigint };

/** What the text of a grant's clocks says. */
export function clockRule(clocks: ClocksGrant): ClockRule {
  if (clocks === 'system' || clocks === 'none') return { kind: clocks };
  const kind = clocks.startsWith('fixed=') ? 'fixed' : 'from';
  return { kind, at: parseTime(clocks.slice(kind.length + 1)) ?? 0n };
}

/** Checks the clocks of a grant. */
export function checkClocks(value: unknown, path: string): ClocksGrant {
  if (value === undefined) return 'system';
  if (value === 'system' || value === 'none') return value;
  const match = typeof value === 'string' ? /^(fixed|from)=(.*)$/s.exec(value) : null;
  if (match === null || parseTime(match[2]!) === undefined) throw bad(path, TIMES, value);
  return value as ClocksGrant;
}

/** The seed of a grant's random numbers; undefined for those of the system. */
export function seedOf(random: RandomGrant): bigint | undefined {
  return random.startsWith('seed=') ? BigInt(random.slice('seed='.length)) : undefined;
}

/** Checks the random numbers of a grant. */
export function checkRandom(value: unknown, path: string): RandomGrant {
  if (value === undefined) return 'system';
  if (value === 'system' || value === 'none') return value;
  const digits = typeof value === 'string' ? /^seed=(\d{1,20})$/.exec(value)?.[1] : undefined;
  if (digits === undefined || BigInt(digits) >= 1n << 64n) throw bad(path, RANDOM, value);
  return value as RandomGrant;
}
