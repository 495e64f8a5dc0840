/**
 * Programs that end soon. Node waits at its end for functions that V8 is optimizing on other threads, though nobody will call them: the
 * interpreter loop of a language takes it 100 ms. So V8 is asked for patience with a large component whose last run was brief.
 */

/** What a function must have done, roughly in bytes of code that ran, before it is optimized: V8's own number, and twenty times that. */
export const USUAL_BUDGET = 13_000_000;
const PATIENT_BUDGET = 20 * USUAL_BUDGET;

/** Milliseconds of a program that ends soon. */
export const BRIEF = 250;

/** Versions of V8 whose number that is. */
const KNOWN = /^1[34]\./;

let isPatient = false;

function setBudget(budget: number): void {
  process.getBuiltinModule('node:v8').setFlagsFromString(`--wasm-tiering-budget=${budget}`);
}

/** Modules that are compiled from now on are optimized late. */
export function expectBrief(): void {
  if (isPatient || !KNOWN.test(process.versions.v8)) return;
  isPatient = true;
  setBudget(PATIENT_BUDGET);
}

/** Modules that are compiled from now on are optimized as usual. Said before a code cache is made: V8 uses none that was made with other flags. */
export function expectNothing(): void {
  if (!isPatient) return;
  isPatient = false;
  setBudget(USUAL_BUDGET);
}
