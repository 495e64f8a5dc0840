/** Border functions as `tenon build` writes them: declarations of a module, with what they refer to as text. */
import type { Signature } from '../../../src/abi/context.ts';
import type {
  BorderRuntime,
  ExportBorder,
  ExportFactory,
  ImportBorder,
  ImportFactory,
} from '../../../src/abi/js/border.ts';
import type { ExportParts } from '../../../src/abi/js/emit-function.ts';
import { BorderDeclarations } from '../../../src/bindgen/esm/borders.ts';
import { type Code, DataPrinter } from '../../../src/bindgen/esm/literal.ts';
import * as runtimeModule from '../../../src/runtime/runtime.ts';

/** The function that a module declares. */
function declared<Border>(borders: BorderDeclarations, name: Code): (runtime: BorderRuntime, env: unknown) => Border {
  const printer = new DataPrinter(borders.constants);
  const functions = borders.text((value) => printer.print(value));
  const text = [...printer.constants, ...functions, `return ${name.text};`].join('\n');
  const module = new Function('R', 'S', 'ComponentError', `'use strict';\n${text}`);
  const { ComponentError } = runtimeModule;
  // `R` has the rest of the runtime too, as where it is imported.
  return (runtime, env) => module({ ...runtimeModule, ...runtime }, runtimeModule, ComponentError)(env);
}

export function builtExport(signature: Signature, parts: ExportParts): ExportFactory {
  const borders = new BorderDeclarations();
  return declared<ExportBorder>(borders, borders.export(signature, parts));
}

export function builtImport(signature: Signature): ImportFactory {
  const borders = new BorderDeclarations();
  return declared<ImportBorder>(borders, borders.import(signature));
}
