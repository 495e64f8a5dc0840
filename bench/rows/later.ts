/** Rows whose subject does not exist yet: named, bounded, and counted as missing. */
import { atMost, type Claim, type Row, times, type Unit } from '../row.ts';

const NO_BUILD = '`tenon build`, the ahead-of-time form, does not exist yet';
const NO_ASYNC = 'asynchronous lifts and lowers are refused when a component is linked';
const NO_STREAMS = 'streams do not exist yet';

function row(name: string, unit: Unit, claim: Claim, notYet: string): Row {
  return { name, unit, claims: [claim], notYet };
}

export const laterRows: readonly Row[] = [
  row('tenon build of one add, its own code', 'kB', atMost(2, 'kB'), NO_BUILD),
  row('tenon build, shared runtime minified', 'kB', atMost(20, 'kB'), NO_BUILD),
  row('async call between components, completes at once', 'ns', times(3, 'sync call of the same signature'), NO_ASYNC),
  row('async call from the host', 'ns', atMost(1000, 'ns'), NO_ASYNC),
  row('stream chunks of 64 kB between components', 'ns', times(2, 'one memory.copy'), NO_STREAMS),
  row('stream<u8> from host to guest to host, a byte', 'ns', atMost(1, 'ns'), NO_STREAMS),
];
