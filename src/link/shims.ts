/** Shims that are the same for every component, by keys: compiled when they are first asked for, or written out ahead of time. */
import type { FlatType } from '../abi/flatten.ts';
import { returnShim } from '../abi/fused/return-shim.ts';
import type { WasmSignature, WasmType } from '../core/builder.ts';
import { unreachable } from '../util/invariant.ts';
import { blockingShims, closedShim, dropShim, promisedEntry, threadShim } from './shim.ts';

/** Which shim; core types stand behind its kind, separated by commas. */
export type ShimKey =
  | 'drop'
  | 'closed'
  | 'ends'
  | `thread ${'i32' | 'i64'}`
  | `return ${string}`
  /** Parameters, a colon, results. */
  | `entry ${string}`;

/** Finds the compiled module of a shim. */
export type ShimSource = (key: ShimKey) => WebAssembly.Module;

/** The key of the shim of a `task.return` that is given these core values. */
export function returnShimKey(given: readonly WasmType[]): ShimKey {
  return `return ${given.join()}`;
}

/** The key of the form of a core function that runs on a stack of its own. */
export function entryShimKey({ params, results }: WasmSignature): ShimKey {
  return `entry ${params.join()}:${results.join()}`;
}

function typesOf(text: string | undefined): readonly FlatType[] {
  return text === undefined || text === '' ? [] : (text.split(',') as FlatType[]);
}

/** The end of a synchronous call: of a thread by its number, of the innermost frame (`runtime/sync-end.ts`). */
const ENDS: readonly WasmSignature[] = [
  { params: ['i32'], results: [] },
  { params: [], results: [] },
];

/** Emits the module of a shim. */
export function emitShim(key: ShimKey): Uint8Array<ArrayBuffer> {
  const [kind, rest = ''] = key.split(' ') as [
    'drop' | 'closed' | 'ends' | 'thread' | 'return' | 'entry',
    string | undefined,
  ];
  switch (kind) {
    case 'drop':
      return dropShim();
    case 'closed':
      return closedShim();
    case 'ends':
      return blockingShims(ENDS);
    case 'thread':
      return threadShim(rest as 'i32' | 'i64');
    case 'return':
      return returnShim(typesOf(rest));
    case 'entry': {
      const [params, results] = rest.split(':');
      return promisedEntry({ params: typesOf(params), results: typesOf(results) });
    }
    default:
      return unreachable(kind);
  }
}
