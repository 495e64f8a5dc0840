/** A component that passes values on: for each type a function `x` of the component that calls `x` of the host with what it is given. */
import type { OptionShape } from '../../src/abi/context.ts';
import { flattenFuncType } from '../../src/abi/flatten.ts';
import { decodeComponent } from '../../src/binary/decode.ts';
import type { InstanceType } from '../../src/types/extern-type.ts';
import type { FuncType } from '../../src/types/value-type.ts';
import { validateComponent } from '../../src/validate/validate.ts';
import { assemble } from './assemble.ts';

export interface EchoTypes {
  /** Types with names: definitions in the text format, in order. They may name each other as `$name`. */
  readonly named: Readonly<Record<string, string>>;
  /** For each function its type in the text format. */
  readonly functions: Readonly<Record<string, string>>;
  /** The same for functions of an async type. */
  readonly asyncFunctions?: Readonly<Record<string, string>>;
}

const OPTIONS: OptionShape = {
  encoding: 'utf8',
  memory: '32',
  realloc: true,
  postReturn: false,
  async: false,
  callback: false,
};

/** A memory and a `realloc` that never frees, as the core instance `$memory`. */
export const MEMORY = `
  (core module $Memory
    (memory (export "memory") 2)
    (global $top (mut i32) (i32.const 4096))
    (func (export "realloc") (param $old i32) (param $size i32) (param $align i32) (param $new i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and
        (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $top (i32.add (local.get $at) (local.get $new)))
      (memory.copy (local.get $at) (local.get $old) (local.get $size))
      (local.get $at)))
  (core instance $memory (instantiate $Memory))`;

export const CANON = '(memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))';

/** Each function with its type, as it stands where it is imported and exported. */
function functionTypes({
  functions,
  asyncFunctions = {},
}: EchoTypes): readonly (readonly [name: string, type: string])[] {
  const typeOf = (type: string): string => `(param "value" ${type}) (result ${type})`;
  return [
    ...Object.entries(functions).map(([name, type]) => [name, typeOf(type)] as const),
    ...Object.entries(asyncFunctions).map(([name, type]) => [name, `async ${typeOf(type)}`] as const),
  ];
}

function hostImport(types: EchoTypes): string {
  const named = Object.entries(types.named).map(
    ([name, type]) => `(type $${name}-definition ${type}) (export "${name}" (type $${name} (eq $${name}-definition)))`,
  );
  const funcs = functionTypes(types).map(([name, type]) => `(export "${name}" (func ${type}))`);
  return `(import "test:echo/host" (instance $host\n    ${[...named, ...funcs].join('\n    ')}))`;
}

/** The functions that the host gives, with resolved types. */
function hostFunctions(types: EchoTypes): ReadonlyMap<string, FuncType> {
  const { imports } = validateComponent(decodeComponent(assemble(`(component ${hostImport(types)})`)));
  const { exports } = imports[0]!.type as InstanceType;
  const functions = [...exports].filter(([, type]) => type.kind === 'func');
  return new Map(functions as [string, FuncType][]);
}

const words = (list: readonly string[], word: string): string =>
  list.length === 0 ? '' : `(${word} ${list.join(' ')})`;

/** A core function that hands its parameters on, and what comes back; results in memory lie at 1024. */
function coreFunction(name: string, type: FuncType): { readonly head: string; readonly body: string } {
  const inner = flattenFuncType(type, 'lower', OPTIONS);
  const outer = flattenFuncType(type, 'lift', OPTIONS);
  const args = outer.params.map((_, i) => `(local.get ${i})`).join(' ');
  const spills = inner.params.length > outer.params.length;
  const call = `(call $${name} ${args}${spills ? ' (i32.const 1024)) (i32.const 1024)' : ')'}`;
  return {
    head: `(import "h" "${name}" (func $${name} ${words(inner.params, 'param')} ${words(inner.results, 'result')}))`,
    body: `(func (export "${name}") ${words(outer.params, 'param')} ${words(outer.results, 'result')} ${call})`,
  };
}

/** The text of the component. */
export function echoComponent(types: EchoTypes): string {
  const functions = [...hostFunctions(types)];
  const cores = functions.map(([name, type]) => coreFunction(name, type));
  const lowered = functions.map(([name]) => `(core func $${name} (canon lower (func $host "${name}") ${CANON}))`);
  const given = functions.map(([name]) => `(export "${name}" (func $${name}))`);
  const aliases = Object.keys(types.named).map((name) => `(alias export $host "${name}" (type $${name}))`);
  const lifted = functionTypes(types).map(
    ([name, type]) => `(func (export "${name}") ${type} (canon lift (core func $m "${name}") ${CANON}))`,
  );
  return `(component
  ${hostImport(types)}
  ${aliases.join('\n  ')}${MEMORY}
  ${lowered.join('\n  ')}
  (core module $M
    ${cores.map(({ head }) => head).join('\n    ')}
    ${cores.map(({ body }) => body).join('\n    ')})
  (core instance $m (instantiate $M (with "h" (instance ${given.join(' ')}))))
  ${lifted.join('\n  ')})`;
}
