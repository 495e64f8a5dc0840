/**
 * Emits whole border functions: the protocol of a call (`border.ts`) around lowering and lifting. The source is a function body
 * with the parameters `R` (runtime), `env`, `S` (support), `K` (constants), `ComponentError`.
 */
import {
  CALL_LIMIT,
  CALL_TOP,
  CLOSED,
  FRAME_SIZE,
  FRAME_THREAD,
  MAY_LEAVE,
  STORE,
  STORE_STATE,
  SUSPENDABLE,
} from '../../runtime/control.ts';
import { describeFunc } from '../../types/describe.ts';
import { signatureEnds, signatureResources } from '../../types/resources-of.ts';
import type { ValueType } from '../../types/value-type.ts';
import type { Signature } from '../context.ts';
import {
  flattenType,
  flattenTypes,
  MAX_FLAT_ASYNC_PARAMS,
  MAX_FLAT_PARAMS,
  MAX_FLAT_RESULTS,
  pointerSize,
} from '../flatten.ts';
import { allocates, asksHost, holdsBorrow, holdsHandle, holdsKept } from '../holds.ts';
import { fieldOffsets, layout } from '../layout.ts';
import { endLent, lentParams, lentPrologue, liftLent } from './emit-borrow.ts';
import { Emitter, quote } from './emit-code.ts';
import { beginLift, liftFlat, liftTopResult, load } from './emit-lift.ts';
import { lowerFlat, store } from './emit-lower.ts';
import { RETURNED, topResult } from './shape.ts';

export interface Emitted {
  readonly source: string;
  readonly constants: readonly unknown[];
}

function emitterOf(signature: Signature): Emitter {
  const e = new Emitter(
    pointerSize(signature.options),
    new Map(signatureResources(signature.type).map((r, i) => [r, i])),
    new Map(signatureEnds(signature.type).map((t, i) => [t, i])),
  );
  e.lends = signature.lends === true;
  return e;
}

/** What a comment may show of a type: nothing that could end the comment. */
function comment(signature: Signature): string {
  return describeFunc(signature.type)
    .replace(/[^\w\s:<>(){},.\-…]/g, '?')
    .replace(/[\r\n\u2028\u2029]/g, ' ')
    .slice(0, 200);
}

function prologue(e: Emitter, signature: Signature): void {
  e.line(`// ${comment(signature)}`);
  e.line('const C = R.control, cx = env.context, mem = cx.memory, store = env.store >> 2, slot = env.slot;');
  e.line(`const leave = (slot + ${MAY_LEAVE}) >> 2, closed = (slot + ${CLOSED}) >> 2, path = env.path;`);
  for (let i = 0; i < e.resources.size; i++) e.line(`const r${i} = env.resources[${i}];`);
}

function paramPath(name: string): string {
  return `${quote(`parameter ${JSON.stringify(name)} of `)} + path`;
}

/** Emits the lowering of all parameters; gives the core arguments. */
function lowerParams(e: Emitter, signature: Signature, args: readonly string[]): readonly string[] {
  const { params } = signature.type;
  const types = params.map((p) => p.type);
  const spills = flattenTypes(types, e.pointer).length > MAX_FLAT_PARAMS;
  if (types.some(holdsKept)) e.line(`S.checkAll(${e.constant(params)}, [${args.join(', ')}], env);`);
  const touches = !isUnseen(signature) && (spills || types.some(allocates));
  if (touches) e.line('C.i32[leave] = 0;');
  let flat: readonly string[];
  if (spills) {
    const tuple: ValueType = { kind: 'tuple', types };
    const { align, size } = layout(tuple, e.pointer);
    const base = e.let(`S.allocatePlace(cx, ${size}, ${align})`, 'p');
    const offsets = fieldOffsets(types, e.pointer);
    for (const [i, p] of params.entries()) store(e, p.type, args[i]!, `${base} + ${offsets[i]}`, paramPath(p.name));
    flat = [e.pointer === 8 ? `BigInt(${base})` : base];
  } else {
    flat = params.flatMap((p, i) => lowerFlat(e, p.type, args[i]!, paramPath(p.name)));
  }
  if (touches) e.line('C.i32[leave] = 1;');
  return flat;
}

/** Emits what follows the core call: lifts into `value` and `failed`, runs post-return, ends borrows. */
function finish(e: Emitter, signature: Signature, core: readonly string[], value: string, failed: string): void {
  const { result } = signature.type;
  if (result !== undefined) {
    if (signature.options.memory !== undefined) beginLift(e);
    const spills = flattenType(result, e.pointer).length > resultLimit(signature);
    let at: string | undefined;
    if (spills) {
      const { align, size } = layout(result, e.pointer);
      at = e.let(e.pointer === 8 ? `S.word64(${core[0]})` : `${core[0]} >>> 0`, 'p');
      e.line(`S.checkPlace(cx, ${at}, ${size}, ${align});`);
    }
    const top = topResult(signature);
    if (top !== undefined) liftTopResult(e, top, at === undefined ? { flat: core } : { at }, value, failed);
    else e.line(`${value} = ${at === undefined ? liftFlat(e, result, core) : load(e, result, at)};`);
  }
  if (signature.lends) {
    // The result is the guest's until post-return, and nobody may call it meanwhile.
    const isThere = topResult(signature) === undefined ? '' : `if (!${failed}) `;
    e.line(`C.i32[closed] = 1; ${isThere}env.use(${value}); C.i32[closed] = 0;`);
  }
  if (signature.options.postReturn) {
    const returns = result !== undefined;
    const call = `env.postReturn(${returns ? core[0] : ''});`;
    e.line(isUnseen(signature) ? call : `C.i32[leave] = 0; ${call} C.i32[leave] = 1;`);
  }
  if (signature.type.params.some((p) => holdsBorrow(p.type))) e.line('R.endBorrows(env);');
}

/** An asynchronous lift gives its result as the parameters of `task.return`. */
function resultLimit({ options }: Signature): number {
  return options.async ? MAX_FLAT_PARAMS : MAX_FLAT_RESULTS;
}

/** The core values by which an export gives its result. */
function coreResults(e: Emitter, signature: Signature): readonly string[] {
  const { result } = signature.type;
  const count = result === undefined ? 0 : flattenType(result, e.pointer).length;
  return Array.from({ length: count > resultLimit(signature) ? 1 : count }, (_, i) => `core${i}`);
}

/** Whether nothing can look at a call while it runs, not even a getter of an argument: then it needs no frame. */
function isUnseen({ type, leaf }: Signature): boolean {
  const types = [...type.params.map((p) => p.type), ...(type.result === undefined ? [] : [type.result])];
  return leaf === true && !types.some(holdsHandle) && !type.params.some((p) => asksHost(p.type));
}

/** Emits the synchronous entry of a function whose instance calls nobody. */
function emitUnseenCall(e: Emitter, signature: Signature, args: readonly string[], fails: boolean): void {
  e.block(`function call(${args.join(', ')})`, () => {
    e.line('const s = C.i32;');
    e.line('if (s[store] !== 0 || s[closed] !== 0) R.refuse(env);');
    e.line(`if (s[${CALL_TOP >> 2}] >= ${CALL_LIMIT}) R.overflow(env);`);
    e.line(`let value${fails ? ', failed = false' : ''};`);
    e.block(
      'try',
      () => {
        const flat = lowerParams(e, signature, args);
        e.line(`const core = env.core(${flat.join(', ')});`);
        finish(e, signature, ['core'], 'value', 'failed');
      },
      '} catch (error) {',
    );
    e.line('  C.i32[store] = 1; C.i32[leave] = 1;');
    e.line('  throw R.failedLeaf(env, error);');
    e.line('}');
    if (fails) e.line('if (failed) throw new ComponentError(value);');
    e.line('return value;');
  });
}

/** Emits the synchronous entry. */
function emitCall(e: Emitter, signature: Signature, args: readonly string[], fails: boolean, threads: boolean): void {
  e.block(`function call(${args.join(', ')})`, () => {
    e.line('let s = C.i32;');
    e.line('if (s[store] !== 0 || s[closed] !== 0) R.refuse(env);');
    e.line(`const top = s[${CALL_TOP >> 2}], suspendable = s[${SUSPENDABLE >> 2}];`);
    e.line(`if (top >= ${CALL_LIMIT}) R.overflow(env);`);
    e.line(`s[top >> 2] = slot; s[(top + ${FRAME_THREAD}) >> 2] = 0;`);
    e.line(`s[${CALL_TOP >> 2}] = top + ${FRAME_SIZE}; s[${SUSPENDABLE >> 2}] = 0;`);
    e.line(`let value${fails ? ', failed = false' : ''};`);
    e.block(
      'try',
      () => {
        const flat = lowerParams(e, signature, args);
        e.line(`const core = env.core(${flat.join(', ')});`);
        finish(e, signature, ['core'], 'value', 'failed');
        e.line('s = C.i32;');
        e.line('if (s[store] !== 0) throw R.poisoned(env);');
        if (threads) e.line(`if (s[(top + ${FRAME_THREAD}) >> 2] !== 0) R.endThread(s[(top + ${FRAME_THREAD}) >> 2]);`);
        e.line(`s[${CALL_TOP >> 2}] = top; s[${SUSPENDABLE >> 2}] = suspendable;`);
      },
      '} catch (error) {',
    );
    // Dead until it is known why: at the end of the stack, asking may fail.
    e.line('  C.i32[store] = 1; C.i32[leave] = 1;');
    e.line('  throw R.failed(env, error, top, suspendable);');
    e.line('}');
    if (fails) e.line('if (failed) throw new ComponentError(value);');
    e.line('return value;');
  });
}

/** What of an export's functions is written. */
export interface ExportParts {
  /** `start` and `finish`: for calls that may have to wait. */
  readonly halves: boolean;
  /** Whether something may ask a call for its thread. */
  readonly threads: boolean;
}

const ALL_PARTS: ExportParts = { halves: true, threads: true };

/** The factory of an export's functions. */
export function emitExport(signature: Signature, { halves, threads }: ExportParts = ALL_PARTS): Emitted {
  const e = emitterOf(signature);
  const args = signature.type.params.map((_, i) => `a${i}x`);
  const fails = topResult(signature) !== undefined;
  prologue(e, signature);
  if (!signature.type.async) {
    if (isUnseen(signature)) emitUnseenCall(e, signature, args, fails);
    else emitCall(e, signature, args, fails, threads);
  }
  if (halves) emitHalves(e, signature, args, fails);
  e.line(`return { ${signature.type.async ? '' : 'call, '}${halves ? 'start, finish ' : ''}};`);
  return { source: e.source(), constants: e.constants };
}

/** Emits both halves of a call that may have to wait. */
function emitHalves(e: Emitter, signature: Signature, args: readonly string[], fails: boolean): void {
  e.block('function start(entry, token, args)', () => {
    for (const [i, a] of args.entries()) e.line(`const ${a} = args[${i}];`);
    e.block(
      'try',
      () => {
        const flat = lowerParams(e, signature, args);
        e.line(`return entry(${['token', ...flat].join(', ')});`);
      },
      '} catch (error) {',
    );
    e.line('  C.i32[leave] = 1;');
    e.line('  throw error;');
    e.line('}');
  });
  const core = coreResults(e, signature);
  e.block(`function finish(${core.join(', ')})`, () => {
    e.line(`let value${fails ? ', failed = false' : ''};`);
    finish(e, signature, core, 'value', 'failed');
    if (fails) e.line('if (failed) throw new ComponentError(value);');
    e.line('return value;');
  });
}

/** What an import does with its core values. */
interface ImportShape {
  readonly types: readonly ValueType[];
  /** The parameters are in memory. */
  readonly spilled: boolean;
  /** The result goes into memory. */
  readonly spillsResult: boolean;
  readonly names: readonly string[];
  /** What stands for the core result while it is not known. */
  readonly zero: string;
  /** Parameters that are borrows, where no other value holds any: ended one by one. */
  readonly lent: readonly number[];
}

function importShape(e: Emitter, { type, options }: Signature): ImportShape {
  const types = type.params.map((p) => p.type);
  const flat = flattenTypes(types, e.pointer);
  const spilled = flat.length > (options.async ? MAX_FLAT_ASYNC_PARAMS : MAX_FLAT_PARAMS);
  const returns = type.result === undefined ? [] : flattenType(type.result, e.pointer);
  return {
    types,
    spilled,
    spillsResult: returns.length > (options.async ? 0 : MAX_FLAT_RESULTS),
    names: spilled ? ['f0x'] : flat.map((_, i) => `f${i}x`),
    zero: options.async || returns.length !== 1 ? '0' : returns[0] === 'i64' ? '0n' : '0',
    lent: type.async || spilled ? [] : lentParams(types),
  };
}

/** Emits the lowering of a host function's result into `out`. */
function lowerResult(e: Emitter, { type }: Signature, { spillsResult }: ImportShape, value: string): void {
  const { result } = type;
  if (result === undefined) return;
  const path = `'the result of ' + path`;
  if (!spillsResult) {
    const [core] = lowerFlat(e, result, value, path);
    e.line(`out = ${core};`);
    return;
  }
  const { align, size } = layout(result, e.pointer);
  e.line(`S.checkPlace(cx, pointer, ${size}, ${align});`);
  store(e, result, value, 'pointer', path);
}

/** Emits `lower(answer, pointer)` and `fail(error, pointer)`: the two ends of a call. */
function emitEnds(e: Emitter, signature: Signature, shape: ImportShape): void {
  const { result, async } = signature.type;
  e.block('function lower(answer, pointer)', () => {
    // Its store is another for each tenant of a pooled instance.
    e.line(`if (C.i32[(C.i32[(slot + ${STORE}) >> 2] + ${STORE_STATE}) >> 2] !== 0) throw R.poisoned(env);`);
    if (result !== undefined) {
      e.line(`let out = ${shape.zero};`);
      e.block(
        'try',
        () => {
          // Only what allocates, or asks the host, runs code meanwhile.
          const touches = allocates(result) || asksHost(result);
          if (touches) e.line('C.i32[leave] = 0;');
          lowerResult(e, signature, shape, 'answer');
          if (touches) e.line('C.i32[leave] = 1;');
        },
        '} catch (error) {',
      );
      e.line('  C.i32[leave] = 1;');
      e.line('  throw R.hostValue(env, error);');
      e.line('}');
    }
    if (!async && shape.lent.length === 0 && shape.types.some(holdsBorrow)) e.line('R.endBorrows(env);');
    if (signature.options.async) e.line(`return ${RETURNED};`);
    else if (result !== undefined && !shape.spillsResult) e.line('return out;');
  });
  e.block('function fail(error, pointer)', () => {
    if (topResult(signature) !== undefined) {
      e.line(`const end = S.errorOf(${e.constant(result)}, error);`);
      e.line("if (end !== undefined) return lower({ tag: 'err', val: end.payload }, pointer);");
    }
    e.line('throw R.hostThrew(env, error);');
  });
  // The promise of a future is the future itself.
  if (result?.kind === 'future') return;
  const value = topResult(signature) === undefined ? 'value' : "{ tag: 'ok', val: value }";
  e.block('function settled(ok, value, pointer)', () => {
    e.line(`return ok ? lower(${value}, pointer) : fail(value, pointer);`);
  });
}

/** The factory of an import's functions. */
export function emitImport(signature: Signature): Emitted {
  const e = emitterOf(signature);
  const { result, async } = signature.type;
  const shape = importShape(e, signature);
  const lends = async && shape.types.some(holdsBorrow);
  const ok = (value: string): string => (topResult(signature) === undefined ? value : `{ tag: 'ok', val: ${value} }`);
  prologue(e, signature);
  e.line('const host = env.host;');
  lentPrologue(e, shape.types, shape.lent);
  emitEnds(e, signature, shape);
  const params = [...shape.names, ...(shape.spillsResult ? ['pointerRaw'] : [])].join(', ');
  e.block(`function enter(${params})`, () => {
    e.line('if (C.i32[leave] === 0) R.cannotLeave(env);');
    if (shape.spillsResult) e.line(`const pointer = ${e.pointer === 8 ? 'S.word64(pointerRaw)' : 'pointerRaw >>> 0'};`);
    else e.line('const pointer = 0;');
    if (async) e.line('const call = R.hostCall();');
    let values: readonly string[] = [];
    if (lends) {
      const kept = shape.types.map((_, i) => `k${i}x`);
      e.line(`let ${kept.join(', ')};`);
      e.line('R.lending(call);');
      e.block(
        'try',
        () => {
          for (const [i, value] of liftParams(e, shape).entries()) e.line(`${kept[i]} = ${value};`);
        },
        '} finally { R.lifted(); }',
      );
      values = kept;
    } else values = liftParams(e, shape);
    e.line('let answer;');
    const args = [...values, ...(async ? ['call'] : [])].join(', ');
    const ends = endLent(e, shape.types, shape.lent);
    const failed = `${async ? 'call.end(); ' : ''}${returning('fail(error, pointer)', ends)}`;
    e.line(`try { answer = host(${args}); } catch (error) { ${failed} }`);
    if (result?.kind !== 'future') {
      e.block("if (typeof answer === 'object' && S.isPromise(answer))", () => {
        if (ends !== '')
          e.line(`const settle = (ok, value, pointer) => { ${returning(`settled(ok, value, pointer)`, ends)} };`);
        const settle = ends === '' ? 'settled' : 'settle';
        if (async) e.line(`return R.pendingAsync(env, answer, call, ${settle}, pointer);`);
        else e.line(`R.pending(env, answer, ${settle}, pointer); return ${shape.zero};`);
      });
    }
    if (async) e.line('call.end();');
    e.line(returning(`lower(${ok('answer')}, pointer)`, ends));
  });
  e.line('return { enter };');
  return { source: e.source(), constants: e.constants };
}

/** Returns a value, after it was made and what follows it was done. */
function returning(value: string, then: string): string {
  return then === '' ? `return ${value};` : `const out = ${value}; ${then} return out;`;
}

function liftParams(e: Emitter, { types, names, spilled, lent }: ImportShape): readonly string[] {
  if (spilled || types.some(allocates)) beginLift(e);
  if (spilled) {
    const { align, size } = layout({ kind: 'tuple', types }, e.pointer);
    const base = e.let(e.pointer === 8 ? `S.word64(${names[0]})` : `${names[0]} >>> 0`, 'p');
    e.line(`S.checkPlace(cx, ${base}, ${size}, ${align});`);
    const offsets = fieldOffsets(types, e.pointer);
    return types.map((t, i) => e.let(load(e, t, `${base} + ${offsets[i]}`)));
  }
  let at = 0;
  return types.map((t, i) => {
    const count = flattenType(t, e.pointer).length;
    at += count;
    if (lent.includes(i)) return liftLent(e, t, at - count);
    return e.let(liftFlat(e, t, names.slice(at - count, at)));
  });
}
