/**
 * Gives a valid component core modules that fit it exactly by Tenon's reckoning: one that imports every core function with its type,
 * and one whose functions are lifted to the component's function types. Another validator must find that they fit.
 */
import { encodeComponent } from '../../src/binary/encode.ts';
import { ModuleBuilder, type WasmSignature, type WasmType } from '../../src/core/builder.ts';
import type { CoreFuncType } from '../../src/types/core-type.ts';
import type { CanonOption, Component, Definition } from '../../src/types/definition.ts';
import type { FuncType } from '../../src/types/value-type.ts';
import { CodeWriter } from '../../src/util/code-writer.ts';
import { type AddressType, flattenFunc } from '../../src/validate/flatten.ts';
import { type ValidatedComponent, validateComponent } from '../../src/validate/validate.ts';
import type { Next } from './random-definitions.ts';

const UNREACHABLE = new Uint8Array([0x00]);

/** Definitions that are added behind those of a component, with the bytes of their core modules. */
class Addition {
  readonly definitions: Definition[] = [];
  readonly #bytes: CodeWriter;
  readonly #base: ValidatedComponent;
  #modules = 0;
  #coreInstances = 0;
  #coreFuncs = 0;
  #coreMemories = 0;

  constructor(base: ValidatedComponent) {
    this.#base = base;
    this.#bytes = new CodeWriter().raw(base.component.bytes);
  }

  module(bytes: Uint8Array): number {
    const start = this.#bytes.length;
    this.#bytes.raw(bytes);
    this.definitions.push({ kind: 'core module', offset: 0, start, end: this.#bytes.length });
    return this.#base.coreModules.length + this.#modules++;
  }

  coreInstance(expr: Extract<Definition, { readonly kind: 'core instance' }>['expr']): number {
    this.definitions.push({ kind: 'core instance', offset: 0, expr });
    return this.#base.coreInstances.length + this.#coreInstances++;
  }

  alias(sort: 'core func' | 'core memory', instance: number, name: string): number {
    this.definitions.push({ kind: 'alias', offset: 0, sort, target: { kind: 'core export', instance, name } });
    return sort === 'core func'
      ? this.#base.coreFuncs.length + this.#coreFuncs++
      : this.#base.coreMemories.length + this.#coreMemories++;
  }

  finish(): Component {
    const { component } = this.#base;
    return {
      ...component,
      bytes: this.#bytes.finish(),
      definitions: [...component.definitions, ...this.definitions],
      customs: [],
      sections: [],
    };
  }
}

function signatureOf(type: CoreFuncType): WasmSignature | undefined {
  const plain = [...type.params, ...type.results].every((one) => typeof one === 'string');
  return plain ? (type as WasmSignature) : undefined;
}

/** A module that imports all core functions whose types are plain, instantiated with them. */
function takeAll(base: ValidatedComponent, into: Addition): void {
  const builder = new ModuleBuilder();
  const exports: { name: string; sort: 'func'; index: number }[] = [];
  for (const [index, type] of base.coreFuncs.entries()) {
    const signature = signatureOf(type);
    if (signature === undefined) continue;
    builder.importFunction('m', `${index}`, signature);
    exports.push({ name: `${index}`, sort: 'func', index });
  }
  const module = into.module(builder.finish());
  const instance = into.coreInstance({ kind: 'exports', exports });
  into.coreInstance({ kind: 'instantiate', module, args: [{ name: 'm', instance }] });
}

interface Lifting {
  readonly typeIndex: number;
  readonly async: 'no' | 'callback' | 'stackful';
  readonly signature: WasmSignature;
}

function liftings(base: ValidatedComponent, address: AddressType, next: Next): Lifting[] {
  return base.types.flatMap((entity, typeIndex) => {
    if (entity.kind !== 'func') return [];
    const type: FuncType = entity;
    const async = type.async && next() < 0.7 ? (next() < 0.5 ? 'callback' : 'stackful') : 'no';
    const context = { kind: 'lift', async: async !== 'no', callback: async === 'callback' } as const;
    return [{ typeIndex, async, signature: flattenFunc(type, address, context) }];
  });
}

/** A module with a memory, `realloc`, a callback and a function for each lifting. */
function liftedModule(wanted: readonly Lifting[], address: WasmType): Uint8Array {
  const builder = new ModuleBuilder();
  const add = (name: string, signature: WasmSignature): void => {
    const index = builder.declare(signature);
    builder.body(index, [], UNREACHABLE);
    builder.exportFunction(name, index);
  };
  builder.importMemory('mem', 'm', address === 'i64');
  add('realloc', { params: [address, address, address, address], results: [address] });
  add('callback', { params: ['i32', 'i32', 'i32'], results: ['i32'] });
  for (const { typeIndex, signature } of wanted) {
    add(`f${typeIndex}`, { params: signature.params, results: signature.results });
    add(`p${typeIndex}`, { params: signature.results, results: [] });
  }
  return builder.finish();
}

/** `(module (memory (export "m") 0))` of either width. */
function memoryModule(address: AddressType): Uint8Array {
  const type = address === 'i64' ? 0x04 : 0x00;
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  return new Uint8Array([...header, 0x05, 0x03, 0x01, type, 0x00, 0x07, 0x05, 0x01, 0x01, 0x6d, 0x02, 0x00]);
}

function liftAll(base: ValidatedComponent, into: Addition, next: Next): void {
  const address = next() < 0.7 ? 'i32' : 'i64';
  const wanted = liftings(base, address, next);
  const memoryOf = into.coreInstance({ kind: 'instantiate', module: into.module(memoryModule(address)), args: [] });
  const module = into.module(liftedModule(wanted, address));
  const instance = into.coreInstance({ kind: 'instantiate', module, args: [{ name: 'mem', instance: memoryOf }] });
  const memory = into.alias('core memory', memoryOf, 'm');
  const realloc = into.alias('core func', instance, 'realloc');
  const callback = into.alias('core func', instance, 'callback');
  for (const { typeIndex, async } of wanted) {
    const func = into.alias('core func', instance, `f${typeIndex}`);
    const post = into.alias('core func', instance, `p${typeIndex}`);
    const options: CanonOption[] = [
      { kind: 'memory', offset: 0, index: memory },
      { kind: 'realloc', offset: 0, index: realloc },
    ];
    if (async !== 'no') options.push({ kind: 'async', offset: 0 });
    if (async === 'callback') options.push({ kind: 'callback', offset: 0, index: callback });
    if (async === 'no' && next() < 0.5) options.push({ kind: 'post-return', offset: 0, index: post });
    into.definitions.push({ kind: 'canon', offset: 0, canon: { kind: 'lift', func, options, type: typeIndex } });
  }
  for (const index of base.funcs.keys()) {
    const options: CanonOption[] = [
      { kind: 'memory', offset: 0, index: memory },
      { kind: 'realloc', offset: 0, index: realloc },
    ];
    if (base.funcs[index]!.async && next() < 0.6) options.push({ kind: 'async', offset: 0 });
    into.definitions.push({ kind: 'canon', offset: 0, canon: { kind: 'lower', func: index, options } });
  }
}

/** The component, which must be valid, with all that fits it. */
export function fit(component: Component, next: Next): Uint8Array<ArrayBuffer> {
  const base = validateComponent(component);
  const lifted = new Addition(base);
  liftAll(base, lifted, next);
  const all = validateComponent(lifted.finish());
  const taking = new Addition(all);
  takeAll(all, taking);
  return encodeComponent(taking.finish());
}
