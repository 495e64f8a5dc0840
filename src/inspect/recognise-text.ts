/** Tells texts apart by how they begin, and by the name of the file where that says more. */
import { plain, type Recognised } from './file-kind.ts';

/** How much of a file is looked at, in bytes. */
const LOOK = 4096;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The beginning of a file as text, or undefined if it is none. */
export function textOf(bytes: Uint8Array): string | undefined {
  const part = bytes.subarray(0, LOOK);
  if (part.includes(0)) return undefined;
  // The cut may have gone through a character.
  for (let cut = 0; cut < 4 && cut < part.length; cut++) {
    try {
      return decoder.decode(part.subarray(0, part.length - cut));
    } catch {
      if (bytes.length <= LOOK) return undefined;
    }
  }
  return undefined;
}

const HTML = /^<(?:!doctype html|html|head|\?xml)/i;
const JSON_START = /^(?:\{\s*(?:"|\})|\[\s*(?:["{[\]\d-]|true|false|null))/;
/** Space and comments of the text format. Nothing follows it, so that it is never tried in another way. */
const WAT_TRIVIA = /^(?:;;[^\n]*(?:\n|$)|\(;[\s\S]*?;\)|\s)+/;
const WAT = /^\((?:module|component)\b/;
const COMMENTS = /^(?:\/\/[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|\s)+/;
/** `package a:b;`, `interface a {`, `world a {`, with attributes before. */
const WIT = /^(?:@\w+(?:\([^)]*\))?\s*)*(?:package\s+%?[\w-]+:|(?:interface|world)\s+%?[a-z][\w-]*\s*\{)/;
const SCRIPT =
  /^(?:#!.*\b(?:node|deno|bun)\b|(['"])use strict\1|import\s*(?:[\w{*'"]|\()|export\s+(?:default|const|let|var|function|class|async|\{|\*)|(?:const|let|var)\s+[\w{[$]|(?:async\s+)?function\b|module\.exports\b)/;

/** Whether a file begins as the text format of components and modules does. */
export function isTextFormat(bytes: Uint8Array): boolean {
  const text = textOf(bytes);
  return text !== undefined && WAT.test(text.trimStart().replace(WAT_TRIVIA, ''));
}

/** Says what a text is. */
export function recogniseText(text: string, filename: string): Recognised {
  const start = text.trimStart();
  if (HTML.test(start)) {
    return plain('html', 'a web page (HTML)', 'a download may have ended at an error or login page: check the address');
  }
  if (start.startsWith('version https://git-lfs')) {
    return plain('lfs-pointer', 'a pointer of Git LFS, not the file itself', 'fetch the file: git lfs pull');
  }
  if (JSON_START.test(start)) {
    return plain('json', 'JSON', 'name the .wasm file instead; a server may have answered with an error');
  }
  if (WAT.test(start.replace(WAT_TRIVIA, ''))) {
    return plain('wat', 'WebAssembly in the text format', 'turn it into a binary first: tenon parse FILE -o app.wasm');
  }
  const code = start.replace(COMMENTS, '');
  if (filename.endsWith('.wit') || WIT.test(code)) {
    return plain('wit', 'WIT: the description of interfaces', 'name the component that was built from it');
  }
  if (/\.[cm]?[jt]sx?$/.test(filename) || SCRIPT.test(code)) {
    return plain(
      'javascript',
      'JavaScript or TypeScript',
      'name the component that was built from it; componentize-js builds components from JavaScript',
    );
  }
  return plain('text', 'text', 'name a .wasm file');
}
