/**
 * Looks into TypeScript sources without a parser: masks what is not code, and lists imports. Enough for sources that the formatter
 * has laid out (one statement a line start). Not a parser: regular expressions are told from division by what stands before.
 */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { inRoot } from './project.ts';

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** The file of the repository that it names; undefined for packages and `node:` modules. */
  readonly file: string | undefined;
  /** Erased before anything runs. */
  readonly typeOnly: boolean;
  /** An `import()` that runs when it is reached: no cycle at loading time. */
  readonly dynamic: boolean;
  readonly line: number;
}

export function read(file: string): string {
  return readFileSync(inRoot(file), 'utf8');
}

const NOT_CODE = new RegExp(
  [
    /\/\*[\s\S]*?\*\//, // block comments
    /\/\/[^\n]*/,
    /'(?:\\[\s\S]|[^'\\\n])*'/,
    /"(?:\\[\s\S]|[^"\\\n])*"/,
    /`(?:\\[\s\S]|[^`\\])*`/,
    // A regular expression stands where a division cannot.
    /(?<=(?:^|[=(,:;!&|?{}[\n+]|\breturn)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/,
  ]
    .map((part) => part.source)
    .join('|'),
  'g',
);

/** The text with comments, the insides of strings, templates and regular expressions blanked; same length, same lines. */
export function maskText(text: string, keepStrings: boolean): string {
  return text.replaceAll(NOT_CODE, (found) => {
    const isString = found.startsWith("'") || found.startsWith('"');
    if (isString && keepStrings) {
      return found;
    }
    return found.replaceAll(/[^\n]/g, ' ');
  });
}

/** Every import and re-export of a file, in order. */
export function importsOf(file: string): Import[] {
  const text = maskText(read(file), true);
  const found: Import[] = [];
  const add = (index: number, specifier: string, typeOnly: boolean, dynamic: boolean): void => {
    const target = specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : undefined;
    const line = text.slice(0, index).split('\n').length;
    found.push({ specifier, file: target, typeOnly, dynamic, line });
  };
  for (const match of text.matchAll(/^(import|export)\b([^'";]*?)\bfrom\s*['"]([^'"]+)['"]/gm)) {
    add(match.index, match[3] ?? '', isTypeOnly(match[2] ?? ''), false);
  }
  for (const match of text.matchAll(/^import\s*['"]([^'"]+)['"]/gm)) {
    add(match.index, match[1] ?? '', false, false);
  }
  for (const match of text.matchAll(/(\btypeof\s+)?\bimport\(\s*['"]([^'"]+)['"]/g)) {
    const before = text.slice(Math.max(0, match.index - 40), match.index);
    const isType = match[1] !== undefined || /(?:[:|&<]|\bas|\bextends)\s*$/.test(before);
    add(match.index, match[2] ?? '', isType, true);
  }
  return found;
}

/** `type { A }`, or `{ type A, type B }`: nothing of it is left when it runs. */
function isTypeOnly(clause: string): boolean {
  if (/^\s*type\b(?!\s*,|\s*from)/.test(clause)) {
    return true;
  }
  const names = /^\s*\{([^}]*)\}\s*$/.exec(clause)?.[1];
  if (names === undefined) {
    return false;
  }
  const items = names.split(',').filter((item) => item.trim() !== '');
  return items.length > 0 && items.every((item) => item.trim().startsWith('type '));
}
