/** Tenon: WebAssembly components, loaded, linked and run on the JavaScript engine that is already there. */

export { fill } from './abi/js/lent.ts';
export type { Details, Mismatch } from './error/error.ts';
export {
  ComponentError,
  LinkError,
  MalformedError,
  TextError,
  UsageError,
  ValidationError,
  ValueError,
} from './error/error.ts';
export { LimitError } from './error/limit.ts';
export type { TrapCode } from './error/trap.ts';
export { Trap } from './error/trap.ts';
export type { ArtifactCache, KeptArtifact } from './runtime/artifact.ts';
export type { LoadOptions } from './runtime/component.ts';
export { Component } from './runtime/component.ts';
export { ErrorContext } from './runtime/error-context.ts';
export type { Instance } from './runtime/instance.ts';
export { lendResult } from './runtime/lend.ts';
export { lend } from './runtime/lend-mark.ts';
export type { Imports, Limits, LinkOptions } from './runtime/linker.ts';
export { InstancePre, Linker } from './runtime/linker.ts';
export type { Pool, PoolOptions } from './runtime/pool.ts';
export type { Source } from './runtime/source.ts';
export type { AnyWorld, Provided, WorldTypes } from './runtime/world.ts';
