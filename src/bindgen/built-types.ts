/** Declarations of built modules. */
import type { Component } from '../types/definition.ts';
import { evaluateComponent } from '../wit-component/evaluate.ts';
import { readPackageDocs } from '../wit-component/package-docs.ts';
import { collectWorld } from './collect.ts';
import { Comments, interfaceNames } from './comments.ts';
import { printDeclarations } from './dts.ts';

/** The declarations of the module `file` (its name without the ending) that was built of the component `name`. */
export function builtTypes(component: Component, name: string, file: string): string {
  const world = evaluateComponent(component);
  const comments = new Comments(readPackageDocs(component), interfaceNames(world), undefined);
  return printDeclarations(collectWorld(world, comments), { name, world: undefined, file, built: true });
}
