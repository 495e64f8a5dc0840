/**
 * The custom section `metadata.code.branch_hint`, which annotations in front of instructions stand for where a parser makes the same
 * section of them. Specification: branch hinting proposal; code metadata of the custom annotations proposal.
 */
import { Reader } from '../../core/reader.ts';
import { MalformedError } from '../../error/error.ts';
import { CodeWriter } from '../../util/code-writer.ts';
import { scanBody } from './function-body.ts';
import type { ModuleScope } from './module-scope.ts';
import type { ByteRange } from './module-source.ts';

export const BRANCH_HINTS = 'metadata.code.branch_hint';

/** Hints of one function: offset of an instruction in the code entry, and 0 or 1 for unlikely or likely. */
type FunctionHints = ReadonlyMap<number, number>;

/** By function index. */
export type BranchHints = ReadonlyMap<number, FunctionHints>;

type Entries = readonly (readonly [func: number, hints: readonly (readonly [offset: number, hint: Uint8Array])[]])[];

function decode(bytes: Uint8Array<ArrayBuffer>, { start, end }: ByteRange): Entries {
  const r = new Reader(bytes, start, end);
  const entries = r.vec(
    () =>
      [
        r.u32(),
        r.vec(() => {
          const offset = r.u32();
          const hint = r.sub(r.u32());
          return [offset, bytes.subarray(hint.at, hint.end)] as const;
        }),
      ] as const,
  );
  return entries;
}

function encode(entries: Entries): Uint8Array {
  return new CodeWriter()
    .vec(entries, ([func, hints], out) =>
      out.u(func).vec(hints, ([offset, hint]) => out.u(offset).u(hint.length).raw(hint)),
    )
    .finish();
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((n, i) => i === 0 || numbers[i - 1]! < n);
}

/** Whether the section is what parsers write: in order, hints of one byte, each at an instruction. */
function comesBack(module: ModuleScope, entries: Entries, contents: Uint8Array): boolean {
  if (entries.length === 0 || !isAscending(entries.map(([func]) => func))) return false;
  const { bodies, importedFuncs } = module.source;
  for (const [func, hints] of entries) {
    const body = bodies[func - importedFuncs];
    if (body === undefined || hints.length === 0 || !isAscending(hints.map(([offset]) => offset))) return false;
    if (!hints.every(([, hint]) => hint.length === 1 && hint[0]! <= 1)) return false;
    const left = new Set(hints.map(([offset]) => offset));
    scanBody(module, body, (offset) => left.delete(offset));
    if (left.size > 0) return false;
  }
  const encoded = encode(entries);
  return encoded.length === contents.length && encoded.every((byte, i) => byte === contents[i]);
}

/**
 * The hints of a section; undefined if annotations cannot stand for it.
 * @throws MalformedError where the code that it is about is malformed
 */
export function readBranchHints(module: ModuleScope, section: ByteRange): BranchHints | undefined {
  const { bytes } = module.source;
  let entries: Entries;
  try {
    entries = decode(bytes, section);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
  if (!comesBack(module, entries, bytes.subarray(section.start, section.end))) return undefined;
  return new Map(entries.map(([func, hints]) => [func, new Map(hints.map(([offset, [hint]]) => [offset, hint!]))]));
}
