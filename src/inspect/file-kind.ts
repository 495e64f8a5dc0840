/** What `recognise` can answer. */

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
export function plain(kind: FileKind, title: string, hint: string): Recognised {
  return { kind, title, hint, evidence: [] };
}
