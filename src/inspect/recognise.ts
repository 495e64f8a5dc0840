/**
 * Says what a file is from its bytes, and what to do with it: components, the kinds of core modules that toolchains write, and what
 * people hand over by mistake. It looks at the beginning and, of core modules, at imports, exports and custom sections; it validates nothing.
 */

import { type CoreModule, decodeModule } from '../core/decode.ts';
import { readPreamble } from '../core/preamble.ts';

export type FileKind =
  | 'component'
  | 'preview1-command'
  | 'preview1-reactor'
  | 'emscripten-module'
  | 'wasm-bindgen-module'
  | 'go-js-module'
  | 'module-with-component-type'
  | 'core-module'
  | 'damaged-module'
  | 'wit-package'
  | 'unknown-version'
  | 'truncated'
  | 'empty'
  | 'python-wheel'
  | 'zip'
  | 'gzip'
  | 'zstd'
  | 'tar'
  | 'elf'
  | 'native-program'
  | 'html'
  | 'json'
  | 'wat'
  | 'wit'
  | 'javascript'
  | 'lfs-pointer'
  | 'text'
  | 'unknown';

/** What a file is. */
export interface Recognised {
  readonly kind: FileKind;
  /** With its article: "a core module for WASI preview 1". */
  readonly title: string;
  /** What to do next, one sentence without a full stop. */
  readonly hint: string;
  /** What in the file says so, such as imports and custom sections, a few at most; empty where the first bytes say it all. */
  readonly evidence: readonly string[];
}

/** A kind of file that its first bytes tell. */
function plain(kind: FileKind, title: string, hint: string): Recognised {
  return { kind, title, hint, evidence: [] };
}

const PREVIEW1 = new Set(['wasi_snapshot_preview1', 'wasi_unstable']);

interface Signs {
  readonly modules: ReadonlySet<string>;
  readonly imports: readonly string[];
  readonly exports: ReadonlySet<string>;
  readonly customs: readonly string[];
}

function signsOf(module: CoreModule): Signs {
  return {
    modules: new Set(module.imports.map((i) => i.module)),
    imports: module.imports.map((i) => i.name),
    exports: new Set(module.exports.map((e) => e.name)),
    customs: module.sections.flatMap((s) => (s.name === undefined ? [] : [s.name])),
  };
}

function isWasmBindgen({ modules, imports, customs }: Signs): boolean {
  return (
    customs.includes('__wasm_bindgen_unstable') ||
    [...modules].some((m) => m === 'wbg' || m.startsWith('__wbindgen') || m.endsWith('_bg.js')) ||
    imports.some((n) => n.startsWith('__wbindgen_') || n.startsWith('__wbg_'))
  );
}

function isEmscripten({ modules, imports, exports }: Signs): boolean {
  return (
    imports.some((n) => /^_?emscripten_|^invoke_[vijfd]+$|^_emscripten|^__cxa_throw$|^_abort_js$/.test(n)) ||
    [...exports].some((n) => n.startsWith('emscripten_') || n === '_emscripten_stack_restore') ||
    (modules.size === 1 && modules.has('a') && imports.every((n) => n.length <= 2))
  );
}

function recogniseModule(bytes: Uint8Array<ArrayBuffer>): Recognised {
  let module: CoreModule;
  try {
    module = decodeModule(bytes);
  } catch (error) {
    return {
      kind: 'damaged-module',
      title: `a core module that is damaged or cut off (${(error as Error).message})`,
      hint: 'get the file again, or build it again',
    };
  }
  const signs = signsOf(module);
  if (signs.customs.some((name) => name.startsWith('component-type'))) {
    return {
      kind: 'module-with-component-type',
      title: 'a core module with component-type metadata, the step before a component',
      hint: 'make a component of it: wasm-tools component new FILE -o app.wasm',
    };
  }
  if (signs.modules.has('gojs') || signs.modules.has('go') || signs.imports.some((n) => n.startsWith('syscall/js.'))) {
    return {
      kind: 'go-js-module',
      title: 'a core module that Go built for JavaScript (GOOS=js)',
      hint: 'build it with GOOS=wasip1 and run that, or load it with the wasm_exec.js of the Go that built it',
    };
  }
  if (isWasmBindgen(signs)) {
    return {
      kind: 'wasm-bindgen-module',
      title: 'a core module for wasm-bindgen',
      hint: 'load it with the JavaScript that wasm-bindgen wrote beside it, or build a component: cargo build --target wasm32-wasip2',
    };
  }
  if (isEmscripten(signs)) {
    return {
      kind: 'emscripten-module',
      title: 'a core module that Emscripten built',
      hint: 'load it with the JavaScript that Emscripten wrote beside it, or build with -sSTANDALONE_WASM for WASI preview 1',
    };
  }
  if ([...signs.modules].some((m) => PREVIEW1.has(m)) || signs.exports.has('_start')) return preview1(signs);
  return {
    kind: 'core-module',
    title: 'a plain core module',
    hint: 'load it with WebAssembly.instantiate, or describe its functions in WIT and make a component of it: wasm-tools component embed, then wasm-tools component new',
  };
}

function preview1({ exports }: Signs): Recognised {
  if (exports.has('_start')) {
    return {
      kind: 'preview1-command',
      title: 'a core module for WASI preview 1 (a command)',
      hint: 'run it: tenon run FILE; or make a component of it with an adapter: wasm-tools component new FILE --adapt wasi_snapshot_preview1.command.wasm',
    };
  }
  return {
    kind: 'preview1-reactor',
    title: 'a core module for WASI preview 1 (a reactor: others call its functions)',
    hint: 'make a component of it with an adapter: wasm-tools component new FILE --adapt wasi_snapshot_preview1.reactor.wasm',
  };
}

function startsWith(bytes: Uint8Array, signature: readonly number[], at = 0): boolean {
  return signature.every((b, i) => bytes[at + i] === b);
}

function ascii(text: string): readonly number[] {
  return [...text].map((c) => c.charCodeAt(0));
}

const WASM_VERSIONS: Readonly<Record<number, string>> = { 10: 'draft of 2022', 11: 'draft of 2023', 12: 'draft' };

function unknownVersion(bytes: Uint8Array): Recognised {
  const version = (bytes[4] ?? 0) | ((bytes[5] ?? 0) << 8);
  const layer = (bytes[6] ?? 0) | ((bytes[7] ?? 0) << 8);
  const draft = layer === 1 ? WASM_VERSIONS[version] : undefined;
  return {
    kind: 'unknown-version',
    title: `wasm of an unknown version (version ${version}, layer ${layer}${draft === undefined ? '' : `: a component of a ${draft}`})`,
    hint: 'Tenon reads components of version 13, layer 1, and core modules of version 1: build it with current tools',
  };
}

const BINARIES: readonly (readonly [readonly number[], Recognised])[] = [
  [[0x1f, 0x8b], { kind: 'gzip', title: 'data packed with gzip', hint: 'unpack it first: gunzip, or tar xzf' }],
  [[0x28, 0xb5, 0x2f, 0xfd], { kind: 'zstd', title: 'data packed with zstd', hint: 'unpack it first: zstd -d' }],
  [
    [0x7f, 0x45, 0x4c, 0x46],
    { kind: 'elf', title: 'a native program or library (ELF)', hint: 'build it for wasm, not for this machine' },
  ],
  [
    [0x4d, 0x5a],
    { kind: 'native-program', title: 'a native program of Windows', hint: 'build it for wasm, not for this machine' },
  ],
  [
    [0xcf, 0xfa, 0xed, 0xfe],
    { kind: 'native-program', title: 'a native program of macOS', hint: 'build it for wasm, not for this machine' },
  ],
];

function recogniseZip(bytes: Uint8Array, filename: string): Recognised {
  if (filename.endsWith('.whl')) {
    const pyodide = /pyodide|emscripten|wasm32/.test(filename);
    return {
      kind: 'python-wheel',
      title: pyodide ? 'a Python package for Pyodide (a zip archive)' : 'a Python package (a zip archive)',
      hint: 'install it with the Python it was made for; a component is built from Python by componentize-py',
    };
  }
  const empty = startsWith(bytes, [0x50, 0x4b, 5, 6]);
  return {
    kind: 'zip',
    title: empty ? 'an empty zip archive' : 'a zip archive',
    hint: 'unpack it and name the .wasm file in it',
  };
}

const textDecoder = new TextDecoder('utf-8', { fatal: true });

/** The beginning as text, or undefined if it is none. */
function textOf(bytes: Uint8Array): string | undefined {
  const part = bytes.subarray(0, 4096);
  if (part.includes(0)) return undefined;
  // The cut may have gone through a character.
  for (let cut = 0; cut < 4 && cut < part.length; cut++) {
    try {
      return textDecoder.decode(part.subarray(0, part.length - cut));
    } catch {
      if (bytes.length <= 4096) return undefined;
    }
  }
  return undefined;
}

function recogniseText(text: string, filename: string): Recognised {
  const start = text.trimStart();
  if (/^<(?:!doctype html|html|head|\?xml)/i.test(start)) {
    return {
      kind: 'html',
      title: 'a web page (HTML)',
      hint: 'a download may have ended at an error or login page: check the address',
    };
  }
  if (start.startsWith('version https://git-lfs')) {
    return {
      kind: 'lfs-pointer',
      title: 'a pointer of Git LFS, not the file itself',
      hint: 'fetch the file: git lfs pull',
    };
  }
  if (/^[[{]/.test(start)) {
    return {
      kind: 'json',
      title: 'JSON',
      hint: 'name the .wasm file instead; a server may have answered with an error',
    };
  }
  if (/^(?:;;[^\n]*\n|\(;[\s\S]*?;\)|\s)*\((?:module|component)\b/.test(text)) {
    return {
      kind: 'wat',
      title: 'WebAssembly in the text format',
      hint: 'assemble it first: wasm-tools parse FILE -o app.wasm',
    };
  }
  if (filename.endsWith('.wit') || /^(?:\/\/[^\n]*\n|\s)*(?:package|interface|world) [\w:%-]/.test(text)) {
    return {
      kind: 'wit',
      title: 'WIT: the description of interfaces',
      hint: 'name the component that was built from it',
    };
  }
  return { kind: 'text', title: 'text', hint: 'name a .wasm file' };
}

/** Says what a file is. `filename` helps where contents alone do not tell. */
export function recognise(bytes: Uint8Array<ArrayBuffer>, filename = ''): Recognised {
  if (bytes.length === 0) {
    return { kind: 'empty', title: 'an empty file', hint: 'the build or download that wrote it may have failed' };
  }
  switch (readPreamble(bytes)) {
    case 'component':
      return {
        kind: 'component',
        title: 'a component',
        hint: 'run it: tenon run FILE; or call one of its functions: tenon invoke',
      };
    case 'core module':
      return recogniseModule(bytes);
    case 'truncated':
      return {
        kind: 'truncated',
        title: `the first ${bytes.length} bytes of a wasm file`,
        hint: 'the file is cut off: get it again',
      };
    case 'unknown version':
      return unknownVersion(bytes);
    default:
      break;
  }
  const binary = BINARIES.find(([signature]) => startsWith(bytes, signature));
  if (binary !== undefined) return binary[1];
  if (startsWith(bytes, [0x50, 0x4b])) return recogniseZip(bytes, filename);
  if (startsWith(bytes, ascii('ustar'), 257)) {
    return { kind: 'tar', title: 'a tar archive', hint: 'unpack it and name the .wasm file in it' };
  }
  const text = textOf(bytes);
  if (text !== undefined) return recogniseText(text, filename);
  return { kind: 'unknown', title: 'no wasm: it does not begin with \\0asm', hint: 'name a .wasm file' };
}
