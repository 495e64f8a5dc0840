/** Core modules of scripts: definitions, instances under names, calls and globals. Specification: the core suite's README, "Scripts". */
import { type CoreModule, decodeModule } from '../core/decode.ts';
import { coreFuncType } from '../core/module-type.ts';
import { LinkError, UsageError, ValidationError } from '../error/error.ts';
import type { Action } from '../text/script.ts';
import { bitsOf, type CoreResult, callCore } from './core-call.ts';
import { argumentOf, HostReferences } from './core-values.ts';
import { spectest } from './spectest.ts';

/** A core module that the engine accepted. */
export interface CoreDefinition {
  readonly module: WebAssembly.Module;
  readonly decoded: CoreModule;
}

export interface CoreInstance {
  readonly kind: 'module';
  readonly exports: WebAssembly.Exports;
  readonly decoded: CoreModule;
}

/**
 * Decodes and compiles a core module.
 * @throws MalformedError, ValidationError
 */
export function defineModule(bytes: Uint8Array<ArrayBuffer>): CoreDefinition {
  const decoded = decodeModule(bytes);
  try {
    return { module: new WebAssembly.Module(bytes), decoded };
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    throw new ValidationError('core-module', error.message, { cause: error });
  }
}

export class CoreHost {
  readonly #registered = new Map<string, WebAssembly.Exports>([['spectest', spectest()]]);
  readonly host = new HostReferences();

  register(name: string, exports: WebAssembly.Exports): void {
    this.#registered.set(name, exports);
  }

  /** @throws LinkError, or what the start function traps with */
  instantiate({ module, decoded }: CoreDefinition): CoreInstance {
    const imports: WebAssembly.Imports = Object.create(null);
    for (const { module: from, name } of decoded.imports) {
      const found = this.#registered.get(from)?.[name];
      if (found === undefined) throw new LinkError('missing-import', `unknown import: "${from}" "${name}"`);
      imports[from] = this.#registered.get(from) as WebAssembly.ModuleImports;
    }
    try {
      return { kind: 'module', exports: new WebAssembly.Instance(module, imports).exports, decoded };
    } catch (error) {
      if (!(error instanceof WebAssembly.LinkError)) throw error;
      throw new LinkError('core-import', `incompatible import type: ${error.message}`, { cause: error });
    }
  }

  /** Calls a function or reads a global. */
  act({ exports, decoded }: CoreInstance, { kind, name, args }: Action): CoreResult[] {
    const item = exports[name];
    const found = decoded.exports.find((one) => one.name === name);
    if (item === undefined || found === undefined) throw new UsageError('unknown-export', `no export "${name}"`);
    if (kind === 'get') {
      const type = decoded.globals[found.index]?.type;
      const { value } = item as WebAssembly.Global;
      return [typeof type === 'string' ? { type, bits: bitsOf(type, value) } : { type: 'ref', value }];
    }
    const values = args.map((arg) => {
      const given = argumentOf(arg, this.host);
      if (given === undefined) throw new UsageError('bad-argument', `a core function takes no ${arg.kind}`);
      return given.value;
    });
    const type = coreFuncType(decoded.types, decoded.funcs[found.index] ?? -1);
    return callCore(item as (...args: unknown[]) => unknown, type, values);
  }
}
