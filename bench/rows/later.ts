/** Rows whose subject does not exist yet: named, bounded, and counted as missing. */
import { atMost, type Claim, type Row, type Unit } from '../row.ts';

const NO_BUILD = '`tenon build`, the ahead-of-time form, does not exist yet';

function row(name: string, unit: Unit, claim: Claim, notYet: string): Row {
  return { name, unit, claims: [claim], notYet };
}

export const laterRows: readonly Row[] = [
  row('tenon build of one add, its own code', 'kB', atMost(2, 'kB'), NO_BUILD),
  row('tenon build, shared runtime minified', 'kB', atMost(20, 'kB'), NO_BUILD),
];
