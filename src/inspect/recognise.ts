/**
 * Says what a file is from its bytes, and what to do with it: components, the kinds of core modules that toolchains write, and what
 * people hand over by mistake. It looks at the beginning and, of wasm, at sizes of sections; of core modules also at imports, exports
 * and custom sections. It validates nothing.
 */
import { readPreamble } from '../core/preamble.ts';
import { plain, type Recognised } from './file-kind.ts';
import { isWitPackage, outline } from './outline.ts';
import { recogniseModule } from './recognise-module.ts';
import { recogniseText, textOf } from './recognise-text.ts';

export type { FileKind, Recognised } from './file-kind.ts';

function startsWith(bytes: Uint8Array, signature: readonly number[], at = 0): boolean {
  return signature.every((b, i) => bytes[at + i] === b);
}

function ascii(text: string): readonly number[] {
  return [...text].map((c) => c.charCodeAt(0));
}

const DRAFTS: Readonly<Record<number, string>> = { 10: 'draft of 2022', 11: 'draft of 2023', 12: 'draft' };

function unknownVersion(bytes: Uint8Array): Recognised {
  const version = (bytes[4] ?? 0) | ((bytes[5] ?? 0) << 8);
  const layer = (bytes[6] ?? 0) | ((bytes[7] ?? 0) << 8);
  const draft = layer === 1 ? DRAFTS[version] : undefined;
  return plain(
    'unknown-version',
    `wasm of an unknown version (version ${version}, layer ${layer}${draft === undefined ? '' : `: a component of a ${draft}`})`,
    'Tenon reads components of version 13, layer 1, and core modules of version 1: build it with current tools',
  );
}

const NATIVE = 'build it for wasm, not for this machine';

const BINARIES: readonly (readonly [readonly number[], Recognised])[] = [
  [[0x1f, 0x8b], plain('gzip', 'data packed with gzip', 'unpack it first: gunzip, or tar xzf')],
  [[0x28, 0xb5, 0x2f, 0xfd], plain('zstd', 'data packed with zstd', 'unpack it first: zstd -d')],
  [[0x7f, ...ascii('ELF')], plain('elf', 'a native program or library (ELF)', NATIVE)],
  [ascii('MZ'), plain('native-program', 'a native program of Windows', NATIVE)],
  [[0xcf, 0xfa, 0xed, 0xfe], plain('native-program', 'a native program of macOS', NATIVE)],
];

/** The names of the first files of a zip archive stand in clear in its first bytes. */
function recogniseZip(bytes: Uint8Array, filename: string): Recognised {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 4096));
  const wheel = filename.endsWith('.whl') || /\.dist-info\/(?:METADATA|WHEEL|RECORD)/.test(start);
  if (wheel) {
    const pyodide = /pyodide|emscripten|wasm32/.test(filename) || /[-_.](?:wasm32-)?emscripten|pyodide/.test(start);
    return plain(
      'python-wheel',
      pyodide ? 'a Python package for Pyodide (a zip archive)' : 'a Python package (a zip archive)',
      'install it with the Python it was made for; a component is built from Python by componentize-py',
    );
  }
  const empty = startsWith(bytes, [0x50, 0x4b, 5, 6]);
  return plain('zip', empty ? 'an empty zip archive' : 'a zip archive', 'unpack it and name the .wasm file in it');
}

/** A module or component whose sections are larger than the file. */
function cutOff(what: string, have: number, needed: number): Recognised {
  const sizes = `${have} bytes are there, at least ${needed} are needed`;
  return plain('truncated', `${what} that is cut off or damaged (${sizes})`, 'get the file again, or build it again');
}

function recogniseWasm(bytes: Uint8Array<ArrayBuffer>, layer: 'component' | 'core module'): Recognised {
  const found = outline(bytes);
  if (found.needed > bytes.length) return cutOff(`a ${layer}`, bytes.length, found.needed);
  if (layer === 'core module') return recogniseModule(bytes);
  if (isWitPackage(bytes, found)) {
    return plain(
      'wit-package',
      'a WIT package in binary form: interfaces without code',
      'print it as text: wasm-tools component wit FILE',
    );
  }
  return plain('component', 'a component', 'run it: tenon run FILE; or call one of its functions: tenon invoke');
}

/** Says what a file is. `filename` helps where contents alone do not tell. */
export function recognise(bytes: Uint8Array<ArrayBuffer>, filename = ''): Recognised {
  if (bytes.length === 0) {
    return plain('empty', 'an empty file', 'the build or download that wrote it may have failed');
  }
  const preamble = readPreamble(bytes);
  switch (preamble) {
    case 'component':
    case 'core module':
      return recogniseWasm(bytes, preamble);
    case 'truncated':
      return plain('truncated', `the first ${bytes.length} bytes of a wasm file`, 'the file is cut off: get it again');
    case 'unknown version':
      return unknownVersion(bytes);
    default:
      break;
  }
  const binary = BINARIES.find(([signature]) => startsWith(bytes, signature));
  if (binary !== undefined) return binary[1];
  if (startsWith(bytes, ascii('PK'))) return recogniseZip(bytes, filename);
  if (startsWith(bytes, ascii('ustar'), 257))
    return plain('tar', 'a tar archive', 'unpack it and name the .wasm file in it');
  const text = textOf(bytes);
  if (text !== undefined) return recogniseText(text, filename);
  return plain('unknown', 'no wasm: it does not begin with \\0asm', 'name a .wasm file');
}
