/** The code entry of one function: its locals and its instructions. Specification: core 3.0, "Code Section". */
import { Reader } from '../../core/reader.ts';
import { coreValType } from '../../core/types.ts';
import { malformed } from '../../error/malformed-reason.ts';
import type { CoreValType } from '../../types/core-type.ts';
import { ExpressionPrinter, type FunctionNames, type LineSink } from './expression.ts';
import type { ModuleScope } from './module-scope.ts';
import { type ByteRange, funcTypeAt, type ModuleSource } from './module-source.ts';

/** As engines have it: a few bytes could state 2^32 of them. */
const MAX_LOCALS = 50_000;

/** Reads the types of the locals; the instructions are next. */
export function readLocals(r: Reader): CoreValType[] {
  const locals: CoreValType[] = [];
  r.vec(() => {
    const at = r.at;
    const count = r.u32();
    if (count > MAX_LOCALS - locals.length) r.fail(malformed.tooManyLocals(MAX_LOCALS), at);
    const type = coreValType(r);
    for (let i = 0; i < count; i++) locals.push(type);
  });
  return locals;
}

/** A reader of a function's code entry. */
export function bodyReader(source: ModuleSource, { start, end }: ByteRange): Reader {
  return new Reader(source.bytes, start, end);
}

/** Prints the instructions that are left in `r`, which must end there. Answers what printed them. */
export function printInstructions(
  r: Reader,
  module: ModuleScope,
  sink: LineSink,
  names: FunctionNames,
  visit?: (at: number) => void,
): ExpressionPrinter {
  const printer = new ExpressionPrinter(module, sink, names);
  printer.print(r, visit);
  if (!r.done) r.fail(malformed.bodySize());
  return printer;
}

const NOWHERE: LineSink = { line: () => {}, indent: () => {} };

/** What can only be known by walking a function's instructions. */
export interface BodyFacts {
  readonly blocks: number;
  readonly usesData: boolean;
}

/** Walks a function's instructions. `visit` is told where each stands that may have an annotation, from the start of the entry. */
export function scanBody(module: ModuleScope, body: ByteRange, visit?: (offset: number) => void): BodyFacts {
  const r = bodyReader(module.source, body);
  readLocals(r);
  const { blockCount, usesData } = printInstructions(r, module, NOWHERE, {}, (at) => visit?.(at - body.start));
  return { blocks: blockCount, usesData };
}

/** How many parameters and locals a function has; of an imported one, parameters alone. */
export function localCount(source: ModuleSource, func: number): number {
  const params = funcTypeAt(source, source.funcs[func]!)?.params.length ?? 0;
  const body = source.bodies[func - source.importedFuncs];
  return body === undefined ? params : params + readLocals(bodyReader(source, body)).length;
}
