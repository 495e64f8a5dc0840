/**
 * Tells core modules apart by the marks that toolchains leave in imports, exports and custom sections. The first rule that matches
 * decides: metadata of components before hosts, hosts of JavaScript before WASI, which some of them have besides.
 */
import { type CoreModule, decodeModule } from '../core/decode.ts';
import { MalformedError } from '../error/error.ts';
import type { Recognised } from './file-kind.ts';

const PREVIEW1: ReadonlySet<string> = new Set(['wasi_snapshot_preview1', 'wasi_unstable']);

/** So much evidence is enough to convince. */
const ENOUGH = 3;

/** Marks as texts: `imports m.n`, `exports n`, `custom section n`. */
type Find = (module: CoreModule) => readonly string[];

function imports(pattern: RegExp): Find {
  return (module) =>
    module.imports
      .map((i) => `${i.module}.${i.name}`)
      .flatMap((name) => (pattern.test(name) ? [`imports ${name}`] : []));
}

function exports(pattern: RegExp): Find {
  return (module) => module.exports.flatMap((e) => (pattern.test(e.name) ? [`exports ${e.name}`] : []));
}

function customs(pattern: RegExp): Find {
  return (module) =>
    module.sections.flatMap((s) => (s.name !== undefined && pattern.test(s.name) ? [`custom section ${s.name}`] : []));
}

/** Emscripten shortens all names to a letter or two where it optimises. */
function shortened(module: CoreModule): readonly string[] {
  const short = module.imports.length > 0 && module.imports.every((i) => i.module === 'a' && i.name.length <= 2);
  return short ? [`imports a.${module.imports[0]!.name}`] : [];
}

function preview1(module: CoreModule): readonly string[] {
  return module.imports.flatMap((i) => (PREVIEW1.has(i.module) ? [`imports ${i.module}.${i.name}`] : []));
}

interface Rule {
  readonly result: Omit<Recognised, 'evidence'>;
  readonly marks: readonly Find[];
}

const RULES: readonly Rule[] = [
  {
    result: {
      kind: 'module-with-component-type',
      title: 'a core module with component-type metadata, the step before a component',
      hint: 'make a component of it: wasm-tools component new FILE -o app.wasm',
    },
    marks: [customs(/^component-type/)],
  },
  {
    result: {
      kind: 'go-js-module',
      title: 'a core module that Go built for JavaScript (GOOS=js)',
      hint: 'build it with GOOS=wasip1 and run that, or load it with the wasm_exec.js of the Go that built it',
    },
    marks: [imports(/^(?:gojs|go)\.|\.syscall\/js\./)],
  },
  {
    result: {
      kind: 'wasm-bindgen-module',
      title: 'a core module for wasm-bindgen',
      hint: 'load it with the JavaScript that wasm-bindgen wrote beside it, or build a component: cargo build --target wasm32-wasip2',
    },
    marks: [customs(/^__wasm_bindgen_unstable$/), imports(/^(?:wbg\.|__wbindgen|.*_bg\.js\.)|\.__wb(?:indgen|g)_/)],
  },
  {
    result: {
      kind: 'emscripten-module',
      title: 'a core module that Emscripten built',
      hint: 'load it with the JavaScript that Emscripten wrote beside it, or build with -sSTANDALONE_WASM for WASI preview 1',
    },
    marks: [
      imports(/\.(?:_?emscripten_|_emscripten|invoke_[vijfd]+$|__cxa_throw$|_abort_js$)/),
      exports(/^(?:emscripten_|_emscripten_stack_restore$)/),
      shortened,
    ],
  },
];

function damaged(error: MalformedError): Recognised {
  return {
    kind: 'damaged-module',
    title: `a core module that is damaged (${error.message})`,
    hint: 'get the file again, or build it again',
    evidence: [],
  };
}

function program(module: CoreModule): Recognised | undefined {
  const evidence = preview1(module).slice(0, ENOUGH);
  if (module.exports.some((e) => e.name === '_start')) {
    return {
      kind: 'preview1-command',
      title: 'a core module for WASI preview 1 (a command)',
      hint: 'run it: tenon run FILE; or make a component of it with an adapter: wasm-tools component new FILE --adapt wasi_snapshot_preview1.command.wasm',
      evidence: ['exports _start', ...evidence].slice(0, ENOUGH),
    };
  }
  if (evidence.length === 0) return undefined;
  return {
    kind: 'preview1-reactor',
    title: 'a core module for WASI preview 1 (a reactor: others call its functions)',
    hint: 'make a component of it with an adapter: wasm-tools component new FILE --adapt wasi_snapshot_preview1.reactor.wasm',
    evidence,
  };
}

/** Says what kind of core module `bytes` holds, whose preamble is that of one. */
export function recogniseModule(bytes: Uint8Array<ArrayBuffer>): Recognised {
  let module: CoreModule;
  try {
    module = decodeModule(bytes);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return damaged(error);
  }
  for (const { result, marks } of RULES) {
    const evidence = marks.flatMap((find) => find(module)).slice(0, ENOUGH);
    if (evidence.length > 0) return { ...result, evidence };
  }
  return (
    program(module) ?? {
      kind: 'core-module',
      title: 'a plain core module',
      hint: 'load it with WebAssembly.instantiate, or describe its functions in WIT and make a component of it: wasm-tools component embed, then wasm-tools component new',
      evidence: [],
    }
  );
}
