/**
 * Border functions that are generated when they are called first. A component that imports many functions calls few of them, and a
 * short program would spend more on generating the others than on its work. Costs a call one more jump.
 */
import type { Signature } from '../context.ts';
import type { Flat, ImportBorder, ImportFactory } from './border.ts';
import { compileImport } from './compile.ts';

type Enter = ImportBorder['enter'];

/** A function of few parameters without spreading them. */
function byArity(count: number, made: () => ImportBorder): Enter {
  switch (count) {
    case 0:
      return () => made().enter();
    case 1:
      return (a: Flat) => made().enter(a);
    case 2:
      return (a: Flat, b: Flat) => made().enter(a, b);
    case 3:
      return (a: Flat, b: Flat, c: Flat) => made().enter(a, b, c);
    case 4:
      return (a: Flat, b: Flat, c: Flat, d: Flat) => made().enter(a, b, c, d);
    default:
      return (...flat) => made().enter(...flat);
  }
}

/** Like `compileImport`, but later. `flat` is the number of core parameters. */
export function compileImportLater(signature: Signature, flat: number): ImportFactory {
  return (runtime, env) => {
    let border: ImportBorder | undefined;
    const made = (): ImportBorder => {
      border ??= compileImport(signature)(runtime, env);
      return border;
    };
    return { enter: byArity(flat, made) };
  };
}
