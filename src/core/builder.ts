/**
 * Builds small core modules that Tenon generates itself: shims and adapters. Types are interned; imports must be added before
 * functions, as their index space demands. Every module is named `tenon`, by which stacks leave its frames out (`stack.ts`).
 * Not for modules of users (`rewrite.ts`, and the text format). Specification: core 3.0, "Binary format, modules".
 */
import { CodeWriter } from '../util/code-writer.ts';
import { invariant } from '../util/invariant.ts';

/** Core value types that generated modules use. */
export type WasmType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'funcref';

const MODULE_NAME = 'tenon';

const TYPE_BYTE = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b, funcref: 0x70 } as const;

export interface WasmSignature {
  readonly params: readonly WasmType[];
  readonly results: readonly WasmType[];
}

interface FunctionBody {
  readonly type: number;
  locals: readonly WasmType[];
  code: Uint8Array | undefined;
}

export class ModuleBuilder {
  readonly #types = new Map<string, number>();
  readonly #typeList: WasmSignature[] = [];
  readonly #imports: ((w: CodeWriter) => void)[] = [];
  readonly #functions: FunctionBody[] = [];
  readonly #exports: { name: string; kind: number; index: number }[] = [];
  readonly #declared = new Set<number>();
  #importedFunctions = 0;
  #importedMemories = 0;
  #importedGlobals = 0;
  #importedTables = 0;

  /** Index of a function type, the same for the same signature. */
  type(signature: WasmSignature): number {
    const key = `${signature.params.join()}:${signature.results.join()}`;
    let index = this.#types.get(key);
    if (index === undefined) {
      index = this.#typeList.push(signature) - 1;
      this.#types.set(key, index);
    }
    return index;
  }

  importFunction(module: string, name: string, signature: WasmSignature): number {
    invariant(this.#functions.length === 0, 'imports come before functions');
    const type = this.type(signature);
    this.#imports.push((w) => w.name(module).name(name).byte(0x00).u(type));
    return this.#importedFunctions++;
  }

  /** Imports a memory with minimum 0 pages and no maximum that matters. */
  importMemory(module: string, name: string, is64 = false): number {
    this.#imports.push((w) =>
      w
        .name(module)
        .name(name)
        .byte(0x02, is64 ? 0x04 : 0x00)
        .u(0),
    );
    return this.#importedMemories++;
  }

  importGlobal(module: string, name: string, type: WasmType, mutable = false): number {
    this.#imports.push((w) =>
      w
        .name(module)
        .name(name)
        .byte(0x03, TYPE_BYTE[type], mutable ? 1 : 0),
    );
    return this.#importedGlobals++;
  }

  /** Imports a table of funcref with minimum 0. */
  importTable(module: string, name: string): number {
    this.#imports.push((w) => w.name(module).name(name).byte(0x01, 0x70, 0x00).u(0));
    return this.#importedTables++;
  }

  /** Declares a function; give its body by {@link body}, in any order. */
  declare(signature: WasmSignature): number {
    this.#functions.push({ type: this.type(signature), locals: [], code: undefined });
    return this.#importedFunctions + this.#functions.length - 1;
  }

  /** Sets the body of a declared function: its locals beyond the parameters, and its instructions without the final `end`. */
  body(index: number, locals: readonly WasmType[], code: Uint8Array): void {
    const entry = this.#functions[index - this.#importedFunctions];
    invariant(entry !== undefined, 'body of a declared function');
    entry.locals = locals;
    entry.code = code;
  }

  exportFunction(name: string, index: number): void {
    this.#exports.push({ name, kind: 0x00, index });
  }

  /** Makes `ref.func index` valid inside function bodies. */
  declareRef(index: number): void {
    this.#declared.add(index);
  }

  finish(): Uint8Array<ArrayBuffer> {
    const out = new CodeWriter().byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    const section = (id: number, items: number, body: (w: CodeWriter) => void): void => {
      if (items > 0) out.byte(id).sized((w) => body(w.u(items)));
    };
    section(1, this.#typeList.length, (w) => {
      for (const t of this.#typeList) {
        w.byte(0x60)
          .vec(t.params, (p) => w.byte(TYPE_BYTE[p]))
          .vec(t.results, (r) => w.byte(TYPE_BYTE[r]));
      }
    });
    section(2, this.#imports.length, (w) => {
      for (const write of this.#imports) write(w);
    });
    section(3, this.#functions.length, (w) => {
      for (const f of this.#functions) w.u(f.type);
    });
    section(7, this.#exports.length, (w) => {
      for (const e of this.#exports) w.name(e.name).byte(e.kind).u(e.index);
    });
    if (this.#declared.size > 0) {
      section(9, 1, (w) => w.byte(0x03, 0x00).vec([...this.#declared], (index) => w.u(index)));
    }
    section(10, this.#functions.length, (w) => {
      for (const f of this.#functions) {
        const { code } = f;
        invariant(code !== undefined, 'every declared function has a body');
        w.sized((b) =>
          b
            .vec(runs(f.locals), ([count, type]) => b.u(count).byte(TYPE_BYTE[type]))
            .raw(code)
            .byte(0x0b),
        );
      }
    });
    out.byte(0).sized((w) =>
      w
        .name('name')
        .byte(0x00)
        .sized((n) => n.name(MODULE_NAME)),
    );
    return out.finish();
  }
}

/** Groups equal neighbours, as the binary format declares locals. */
function runs(types: readonly WasmType[]): [number, WasmType][] {
  const out: [number, WasmType][] = [];
  for (const type of types) {
    const last = out.at(-1);
    if (last !== undefined && last[1] === type) last[0]++;
    else out.push([1, type]);
  }
  return out;
}
