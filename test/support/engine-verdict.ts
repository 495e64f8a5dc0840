/** What Tenon and the engine say of core modules, side by side: verdicts, and what an accepted module imports and exports. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { decodeComponent } from '../../src/binary/decode.ts';
import { type CoreModule, decodeModule } from '../../src/core/decode.ts';
import { coreFuncType, moduleType } from '../../src/core/module-type.ts';
import { COMPONENT_PREAMBLE } from '../../src/core/preamble.ts';
import { MalformedError, ValidationError } from '../../src/error/error.ts';
import type { CoreExternType, CoreValType, Limits, SubType } from '../../src/types/core-type.ts';
import type { Component } from '../../src/types/definition.ts';
import { CodeWriter } from '../../src/util/code-writer.ts';
import { tenonVerdict } from './compare-validate.ts';
import { random } from './mutate.ts';
import { mutateModule } from './mutate-module.ts';
import { pick } from './random-definitions.ts';
import { assembled, scriptDefinitions } from './seed-components.ts';
import { SHARED } from './shared.ts';

// The engine tells the types of imports and exports only behind this flag.
setFlagsFromString('--experimental-wasm-type-reflection');

/** Bytes of the largest module that is mutated. */
const MAX_MUTANT = 60_000;

export interface NamedModule {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function* nestedModules(name: string, component: Component): Generator<NamedModule> {
  for (const definition of component.definitions) {
    if (definition.kind === 'core module')
      yield { name, bytes: component.bytes.slice(definition.start, definition.end) };
    else if (definition.kind === 'component') yield* nestedModules(name, definition.component);
  }
}

function modulesOf(name: string, bytes: Uint8Array<ArrayBuffer>): NamedModule[] {
  if (bytes[4] === 0x01) return [{ name, bytes }];
  try {
    return [...nestedModules(name, decodeComponent(bytes))];
  } catch (error) {
    if (error instanceof MalformedError) return [];
    throw error;
  }
}

/** Every core module of the suites and of the corpus, those inside components too. */
export function realModules(): readonly NamedModule[] {
  const texts = globSync('conformance/wit-component/**/*.wat', { cwd: SHARED }).sort();
  const binaries = globSync('corpus/*.wasm', { cwd: SHARED }).sort();
  return [
    ...scriptDefinitions('conformance/component-model/**/*.wast').flatMap(({ name, bytes }) => modulesOf(name, bytes)),
    ...texts.flatMap((file) => modulesOf(file, assembled(file) ?? new Uint8Array())),
    ...binaries.flatMap((file) => modulesOf(file, new Uint8Array(readFileSync(join(SHARED, file))))),
  ];
}

/** The engine's reason for refusing a module, or undefined where it accepts. */
export function engineRefusal(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  if (WebAssembly.validate(bytes)) return undefined;
  try {
    new WebAssembly.Module(bytes);
  } catch (error) {
    return String(error);
  }
  return 'refused';
}

/** What decoding alone says of a module. Anything but a typed error is thrown on. */
export function decoded(bytes: Uint8Array<ArrayBuffer>): { module: CoreModule } | { refusal: string } {
  try {
    const module = decodeModule(bytes);
    moduleType(module);
    return { module };
  } catch (error) {
    if (error instanceof MalformedError || error instanceof ValidationError) return { refusal: error.message };
    throw error;
  }
}

/** The engine's words for an import or export. */
interface Reflected {
  readonly name: string;
  readonly kind: string;
  readonly module?: string;
  readonly type?: Readonly<Record<string, unknown>>;
}

/** References are told apart by no more than that they are some: the engine has no words for most. */
function valType(type: CoreValType): string {
  return typeof type === 'string' ? type : 'ref';
}

function reflectedType(type: unknown): string {
  return ['i32', 'i64', 'f32', 'f64', 'v128'].includes(type as string) ? (type as string) : 'ref';
}

function limitsLine({ min, max, is64 }: Limits): string {
  return `${min}..${max ?? ''} ${is64 ? 'i64' : 'i32'}`;
}

function tenonLine(types: readonly SubType[], type: CoreExternType): string {
  switch (type.kind) {
    case 'func': {
      const { params, results } = coreFuncType(types, type.typeIndex);
      return `function ${params.map(valType)} -> ${results.map(valType)}`;
    }
    case 'tag': // the engine keeps the type to itself
      return 'tag';
    case 'memory':
      return `memory ${limitsLine(type.limits)} ${type.limits.shared}`;
    case 'table':
      return `table ${limitsLine(type.limits)}`;
    case 'global':
      return `global ${valType(type.type)} ${type.mutable}`;
  }
}

function engineLine({ kind, type = {} }: Reflected): string {
  const list = (key: string) => ((type[key] as unknown[]) ?? []).map(reflectedType);
  const limits = `${type['minimum']}..${type['maximum'] ?? ''} ${type['address'] ?? 'i32'}`;
  switch (kind) {
    case 'function':
      return `function ${list('parameters')} -> ${list('results')}`;
    case 'tag':
      return 'tag';
    case 'memory':
      return `memory ${limits} ${type['shared']}`;
    case 'table':
      return `table ${limits}`;
    default:
      return `global ${reflectedType(type['value'])} ${type['mutable']}`;
  }
}

/** Where what Tenon read of an accepted module is not what the engine read; undefined where it is the same. */
export function dataProblem(bytes: Uint8Array<ArrayBuffer>, module: CoreModule): string | undefined {
  const compiled = new WebAssembly.Module(bytes);
  const { types, imports, exports } = moduleType(module);
  const found = [
    ...imports.map((one) => `${one.module} ${one.name}: ${tenonLine(types, one.type)}`),
    ...exports.map((one) => `${one.name}: ${tenonLine(types, one.type)}`),
  ];
  const engine = [
    ...(WebAssembly.Module.imports(compiled) as Reflected[]).map((i) => `${i.module} ${i.name}: ${engineLine(i)}`),
    ...(WebAssembly.Module.exports(compiled) as Reflected[]).map((e) => `${e.name}: ${engineLine(e)}`),
  ];
  const at = Array.from({ length: Math.max(found.length, engine.length) }, (_, i) => i);
  const wrong = at.find((i) => found[i] !== engine[i]);
  return wrong === undefined ? undefined : `${found[wrong]} against the engine's ${engine[wrong]}`;
}

/** A component that holds the module and nothing else. */
export function around(module: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new CodeWriter()
    .byte(...COMPONENT_PREAMBLE)
    .byte(0x01)
    .u(module.length)
    .raw(module)
    .finish();
}

/** What the component model asks of a module and core WebAssembly does not. Specification: Explainer, "Type Definitions". */
const COMPONENT_RULES = /^duplicate import name|^memory count exceeds/;

/** Core 3.0, "Tag Types": `tagtype ::= 0x00 x:typeidx`, one byte. V8 reads a LEB128 number there and takes `0x80 0x00` for zero. */
const ENGINE_TOO_LENIENT = /^invalid leading byte \(0x80\) for tag attribute/;

/** How Tenon and the engine judge one module differently; undefined where they agree. */
export function disagreement({ bytes }: NamedModule): string | undefined {
  const refusal = engineRefusal(bytes);
  const reading = decoded(bytes);
  const whole = tenonVerdict(around(bytes));
  if (refusal !== undefined) return whole === undefined ? `accepted, but the engine: ${refusal}` : undefined;
  if ('refusal' in reading && ENGINE_TOO_LENIENT.test(reading.refusal)) return undefined;
  if ('refusal' in reading) return `decoding refuses what the engine accepts: ${reading.refusal}`;
  if (whole !== undefined && !COMPONENT_RULES.test(whole)) return `refused, but the engine accepts: ${whole}`;
  return dataProblem(bytes, reading.module);
}

export interface EngineSummary {
  readonly compared: number;
  /** How many mutants the engine accepts, and how many decoding alone refuses. */
  readonly accepted: number;
  readonly undecodable: number;
  readonly different: readonly string[];
}

/** Mutates modules and compares the verdicts. Larger modules would only make the same mistakes more slowly. */
export function compareMutants(modules: readonly NamedModule[], count: number, seed: number): EngineSummary {
  const seeds = modules.filter(({ bytes }) => bytes.length < MAX_MUTANT && 'module' in decoded(bytes));
  const different: string[] = [];
  let accepted = 0;
  let undecodable = 0;
  for (let i = 0; i < count; i++) {
    const next = random(Math.imul(seed, 0x9e37_79b1) + i);
    const { name, bytes } = pick(next, seeds);
    const mutant = mutateModule(bytes, next);
    if (engineRefusal(mutant) === undefined) accepted++;
    else if ('refusal' in decoded(mutant)) undecodable++;
    const what = disagreement({ name, bytes: mutant });
    if (what !== undefined) different.push(`${seed}-${i} (${name}): ${what}`);
  }
  return { compared: count, accepted, undecodable, different };
}
