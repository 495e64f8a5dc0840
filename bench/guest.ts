/** The guests: components in text form, from `bench/guests` and from the folder of reference glue beside the project. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeComponent } from '../src/binary/decode.ts';
import { parseText } from '../src/text/parse.ts';
import type { Component } from '../src/types/definition.ts';
import { SHARED } from '../test/support/shared.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** A row that cannot run here, and why. */
export class NotHere extends Error {}

/** The path of a file beside the project. */
export function sharedFile(part: string): string {
  const path = join(SHARED, part);
  if (!existsSync(path)) throw new NotHere(`${part} is absent (set TENON_SHARED)`);
  return path;
}

/** A component or core module of `bench/guests`. */
export function guest(name: string): Bytes {
  return parseText(readFileSync(join(import.meta.dirname, 'guests', `${name}.wat`), 'utf8')).bytes;
}

/** A component of the reference. */
export function sharedGuest(name: string): Bytes {
  return parseText(readFileSync(sharedFile(`bench/${name}.wat`), 'utf8')).bytes;
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Where the core modules of a component lie, those of nested components included, in order. */
export function coreRanges(component: Component): Range[] {
  return component.definitions.flatMap((d): Range[] => {
    if (d.kind === 'component') return coreRanges(d.component);
    return d.kind === 'core module' ? [d] : [];
  });
}

let copies = 0;

/** A custom section that no other module has: the engine shares code, and what it learnt of it, between equal modules. */
function uniqueSection(): Uint8Array {
  const name = Buffer.from(`bench ${String(copies++).padStart(8, '0')}`);
  return Uint8Array.of(0, name.length + 1, name.length, ...name);
}

/** A core module with bytes of its own. */
export function distinct(module: Uint8Array): Bytes {
  return new Uint8Array(Buffer.concat([module, uniqueSection()]));
}

/** The core modules of a component, compiled apart from those that a runtime compiles of the same component. */
export function coreModules(component: Bytes): WebAssembly.Module[] {
  return coreRanges(decodeComponent(component)).map(
    ({ start, end }) => new WebAssembly.Module(distinct(component.subarray(start, end))),
  );
}

export type Core = Record<string, (...args: number[]) => number>;

/** The exports of an instance of a core module. */
export function instance(module: WebAssembly.Module, imports: Record<string, Record<string, unknown>> = {}): Core {
  return new WebAssembly.Instance(module, imports as WebAssembly.Imports).exports as unknown as Core;
}
