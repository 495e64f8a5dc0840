/** Callbacks of asynchronous lifts. Specification: CanonicalABI.md, `canon_lift` (`callback`). */
import type { WasmSignature } from '../core/builder.ts';

/** Their core type. */
export const CALLBACK: WasmSignature = { params: ['i32', 'i32', 'i32'], results: ['i32'] };
