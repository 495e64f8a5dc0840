/**
 * Border functions that are generated when they are called first. A component that imports many functions calls few of them, and a
 * short program would spend more on generating the others than on its work. Costs a call one more jump.
 */
import type { Signature } from '../context.ts';
import type { Flat, ImportBorder, ImportFactory } from './border.ts';
import { compileImport } from './compile.ts';

type Enter = ImportBorder['enter'];

/** A function of few parameters without spreading them; the first call makes what the others go to. */
function byArity(count: number, make: () => Enter): Enter {
  let enter: Enter = (...flat) => {
    enter = make();
    return enter(...flat);
  };
  switch (count) {
    case 0:
      return () => enter();
    case 1:
      return (a: Flat) => enter(a);
    case 2:
      return (a: Flat, b: Flat) => enter(a, b);
    case 3:
      return (a: Flat, b: Flat, c: Flat) => enter(a, b, c);
    case 4:
      return (a: Flat, b: Flat, c: Flat, d: Flat) => enter(a, b, c, d);
    case 5:
      return (a: Flat, b: Flat, c: Flat, d: Flat, e: Flat) => enter(a, b, c, d, e);
    case 6:
      return (a: Flat, b: Flat, c: Flat, d: Flat, e: Flat, f: Flat) => enter(a, b, c, d, e, f);
    default:
      return (...flat) => enter(...flat);
  }
}

/** Like `compileImport`, but later. `flat` is the number of core parameters. */
export function compileImportLater(signature: Signature, flat: number): ImportFactory {
  return (runtime, env) => ({ enter: byArity(flat, () => compileImport(signature)(runtime, env).enter) });
}
