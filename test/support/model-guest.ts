/**
 * The modelled components (`test/model/schedules/world.ts`) as text: the core module that every instance runs. It asks the host for a step, takes it,
 * and reports; a step is a function of one table, by its number.
 */
import { REPORT } from '../model/schedules/schedule.ts';
import {
  FUNCS,
  type Func,
  hasParamsPointer,
  hasResultPointer,
  initialMemory,
  LAYOUT,
  OPS,
  paramsOf,
  SIGNATURES,
  type SignatureName,
  THREAD_TABLE,
} from '../model/schedules/world.ts';
import { type CoreType, flattenAll } from '../model/types.ts';

/** Operands that a step has at most. */
export const OPERANDS = 9;
/** Names of built-ins and functions that the core module imports, with their core types. */
export type CoreImports = ReadonlyMap<string, string>;

function params(types: readonly CoreType[]): string {
  return types.length === 0 ? '' : `(param ${types.join(' ')})`;
}

/** Core parameters and results of a lowered function. */
export function loweredType(signature: SignatureName, async: boolean): string {
  const flat: CoreType[] = hasParamsPointer(signature, async) ? ['i32'] : flattenAll(paramsOf(signature));
  if (hasResultPointer(signature, async)) flat.push('i32');
  const isVoid = !async && (hasResultPointer(signature, async) || SIGNATURES[signature].result === undefined);
  return `${params(flat)}${isVoid ? '' : ' (result i32)'}`;
}

/** Whether an export's core function gives nothing back. */
function isVoid({ flavour, signature }: Func): boolean {
  return flavour === 'stackful' || (flavour !== 'callback' && signature === 'plain');
}

/** Core parameters and results of an export's core function. */
export function liftedType(func: Func): string {
  return `${params(flattenAll(paramsOf(func.signature)))}${isVoid(func) ? '' : ' (result i32)'}`;
}

const get = (index: number): string => `(local.get ${index})`;
const zero = '(i32.const 0)';

/** The local at `index` and the one behind it as one number. */
function long(index: number): string {
  return `(i64.or (i64.extend_i32_u ${get(index)}) (i64.shl (i64.extend_i32_u ${get(index + 1)}) (i64.const 32)))`;
}

/** Calls an import with as many operands as its type has parameters. */
function call(name: string, type: string): string {
  const count = /\(param ([^)]*)\)/.exec(type)?.[1]?.split(' ').length ?? 0;
  const called = `(call $${name} ${Array.from({ length: count }, (_, i) => get(i)).join(' ')})`;
  return type.includes('result') ? called : `${called} ${zero}`;
}

function callIndirect(signature: SignatureName, async: boolean): string {
  const byPointer = hasParamsPointer(signature, async);
  const flat = byPointer ? (['i32'] as CoreType[]) : flattenAll(paramsOf(signature));
  let at = 1;
  const args = flat.map((type) => {
    const value = type === 'i64' ? long(at) : get(at);
    at += type === 'i64' ? 2 : 1;
    return value;
  });
  if (hasResultPointer(signature, async)) args.push(get(at));
  const type = loweredType(signature, async);
  const called = `(call_indirect $calls ${type} ${args.join(' ')} ${get(0)})`;
  return type.includes('result') ? called : `${called} ${zero}`;
}

/** The event that a set gave, with its two payloads from memory. */
function event(name: string): string {
  return `(call $${name} ${get(0)} ${get(1)})
      (global.set $r1 (i32.load ${get(1)})) (global.set $r2 (i32.load offset=4 ${get(1)}))`;
}

function repeat(name: string): string {
  return `(loop $again (if ${get(0)} (then (call $${name}) (local.set 0 (i32.sub ${get(0)} (i32.const 1))) (br $again)))) ${zero}`;
}

/** What an operation does. Where its instance has no such built-in it traps. */
function operation(op: string, imports: CoreImports): string {
  switch (op) {
    case 'finish':
      return zero;
    case 'task.return.values':
      return `(call $${op} ${get(0)} ${get(1)} ${long(2)}) ${zero}`;
    case 'backpressure.inc':
    case 'backpressure.dec':
      return repeat(op);
    case 'set.wait':
    case 'set.wait-cancellable':
    case 'set.poll':
    case 'set.poll-cancellable':
      return imports.has(op) ? event(op) : 'unreachable';
    case 'context.get':
      return '(call $context.get.1)';
    case 'context.set':
      return `(call $context.set.1 ${get(0)}) ${zero}`;
    case 'poke': {
      const words = [0, 1, 2, 3, 4].map(
        (i) => `(if (i32.gt_u ${get(1)} (i32.const ${i})) (then (i32.store offset=${4 * i} ${get(0)} ${get(2 + i)})))`,
      );
      return `${words.join(' ')} ${zero}`;
    }
    case 'load':
      return `(i32.load ${get(0)})`;
    case 'show':
      return `(call $show ${get(2)} ${get(0)} ${get(1)}) ${zero}`;
    case 'realloc.mode':
    case 'post-return.mode':
      return `(global.set $${op} ${get(0)}) ${zero}`;
    case 'trap':
      return 'unreachable';
    case 'throw':
      return '(throw $exception)';
    default:
      return builtin(op, imports);
  }
}

function builtin(op: string, imports: CoreImports): string {
  const [verb = '', signature] = op.split('.');
  if (verb === 'call' || verb === 'call-async') return callIndirect(signature as SignatureName, verb === 'call-async');
  const type = imports.get(op);
  if (type === undefined) return 'unreachable';
  if (!op.includes('.new.')) return call(op, type);
  return `(local $both i64) (local.set $both (call $${op}))
      (global.set $r1 (i32.wrap_i64 (i64.shr_u (local.get $both) (i64.const 32)))) (i32.wrap_i64 (local.get $both))`;
}

function begin(func: Func): string {
  const report = REPORT.start + FUNCS.indexOf(func);
  let at = 1;
  const values: string[] = [];
  for (const type of flattenAll(paramsOf(func.signature)).slice(1)) {
    if (type === 'i64')
      values.push(`(i32.wrap_i64 ${get(at)})`, `(i32.wrap_i64 (i64.shr_u ${get(at)} (i64.const 32)))`);
    else values.push(get(at));
    at++;
  }
  const run = runCall(get(0), report, values);
  return `(func (export "${func.name}") ${liftedType(func)} ${isVoid(func) ? `(drop ${run})` : run})`;
}

function runCall(label: string, report: number, values: readonly string[]): string {
  const all = Array.from({ length: 6 }, (_, i) => values[i] ?? zero);
  return `(call $run ${label} (i32.const ${report}) ${all.join(' ')})`;
}

/** Asks, takes, reports. */
function run(instance: number): string {
  const operands = Array.from({ length: OPERANDS }, (_, i) => `(i32.load offset=${4 * (i + 1)} ${zero})`);
  // The model has no commands in its memory.
  const forget = `(memory.fill (i32.const ${LAYOUT.command}) ${zero} (i32.const ${4 * (OPERANDS + 1)}))`;
  return `(func $run (param $label i32) (param $report i32) (param $a i32) (param $b i32) (param $c i32) (param $d i32) (param $e i32)
      (param $f i32) (result i32)
      (call $context.set.0 (local.get $label))
      (loop $again
        (call $next (i32.const ${instance}) (local.get $label) (local.get $report) (local.get $a) (local.get $b) (local.get $c)
          (local.get $d) (local.get $e) (local.get $f) (i32.const ${LAYOUT.command}))
        (if (i32.eqz (i32.load ${zero}))
          (then
            (i32.or (i32.load offset=4 ${zero}) (i32.shl (i32.load offset=8 ${zero}) (i32.const 4)))
            ${forget}
            return))
        (local.set $a (call_indirect $ops (type $op) ${operands.join(' ')} (block (result i32) (i32.load ${zero}) ${forget})))
        (local.set $b (global.get $r1)) (local.set $c (global.get $r2))
        (global.set $r1 ${zero}) (global.set $r2 ${zero})
        (local.set $d ${zero}) (local.set $e ${zero}) (local.set $f ${zero})
        (local.set $report (i32.const ${REPORT.result}))
        (br $again))
      unreachable)`;
}

/** The module. `callees` are the imported functions that it may call, in the order of their numbers; some numbers have none. */
export function guestModule(instance: number, imports: CoreImports, callees: readonly (string | undefined)[]): string {
  const elements = callees.map((name) => (name === undefined ? '(ref.null func)' : `(ref.func $${name})`));
  return `(core module $Main
    (type $op (func (param ${'i32 '.repeat(OPERANDS)}) (result i32)))
    (import "" "mem" (memory 1))
    (import "" "threads" (table $threads ${THREAD_TABLE.size} funcref))
    (import "" "realloc.mode" (global $realloc.mode (mut i32)))
    (import "" "post-return.mode" (global $post-return.mode (mut i32)))
    ${[...imports].map(([name, type]) => `(import "" "${name}" (func $${name} ${type}))`).join('\n    ')}
    (tag $exception)
    (global $r1 (mut i32) ${zero}) (global $r2 (mut i32) ${zero})
    (table $ops funcref (elem ${OPS.map((_, i) => `$op${i}`).join(' ')}))
    (table $calls ${Math.max(1, callees.length)} funcref)
    (elem (table $calls) ${zero} funcref ${elements.join(' ')})
    (elem (table $threads) (i32.const ${THREAD_TABLE.start}) func $thread-start $other-type)
    ${OPS.map((op, i) => `(func $op${i} (type $op) ${operation(op, imports)}) (; ${op} ;)`).join('\n    ')}
    ${run(instance)}
    (func $thread-start (param i32) (drop ${runCall(get(0), REPORT.thread, [])}))
    (func $other-type)
    (func (export "dtor") (param i32) (drop ${runCall(get(0), REPORT.dtor, [])}))
    (func (export "callback") (param i32 i32 i32) (result i32)
      ${runCall('(call $context.get.0)', REPORT.callback, [get(0), get(1), get(2)])})
    ${FUNCS.map(begin).join('\n    ')})`;
}

function bytes(all: readonly number[]): string {
  return all.map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
}

/** Memory, and the table that new threads' functions are found in. */
export function memoryModule(): string {
  const data = initialMemory().map(([at, all]) => `(data (i32.const ${at}) "${bytes(all)}")`);
  return `(core module $Memory
    (memory (export "mem") 1)
    (table (export "threads") ${THREAD_TABLE.size} funcref)
    ${data.join('\n    ')})`;
}

/** What tries a built-in in an allocator, or after a return. */
const MODE_CALLS: readonly string[] = [
  '',
  '(call $backpressure.inc)',
  '(drop (call $set.new))',
  `(call $next ${`${zero} `.repeat(10)})`,
  '(drop (call $thread.yield))',
  '(call $task.return.plain)',
  `(call $local.drop ${zero})`,
];

/** The core type of the host's function that hands out steps. */
export const NEXT_TYPE = `(param ${'i32 '.repeat(10).trim()})`;

/** What the allocator's module imports. */
const ALLOCATOR_IMPORTS: CoreImports = new Map([
  ['context.set.0', '(param i32)'],
  ['backpressure.inc', ''],
  ['set.new', '(result i32)'],
  ['next', NEXT_TYPE],
  ['thread.yield', '(result i32)'],
  ['thread.index', '(result i32)'],
  ['task.return.plain', ''],
  ['local.drop', '(param i32)'],
]);

/** The same for an instance that has not all of them: each thread built-in traps there alike. */
export function allocatorImports(has: (op: string) => boolean): CoreImports {
  return new Map([...ALLOCATOR_IMPORTS].filter(([name]) => has(name)));
}

export function allocatorModule(imports: CoreImports): string {
  const calls = MODE_CALLS.map((what) =>
    what.includes('$thread.yield') && !imports.has('thread.yield') ? '(drop (call $thread.index))' : what,
  );
  const cases = calls.map((what, i) => `(if (i32.eq ${get(0)} (i32.const ${i})) (then ${what}))`);
  return `(core module $Allocator
    ${[...imports].map(([name, type]) => `(import "" "${name}" (func $${name} ${type}))`).join('\n    ')}
    (global $realloc.mode (export "realloc.mode") (mut i32) ${zero})
    (global $post-return.mode (export "post-return.mode") (mut i32) ${zero})
    (global $heap (mut i32) (i32.const ${LAYOUT.heap}))
    (func $mode (param i32) ${cases.join(' ')})
    (func (export "realloc") (param $old i32) (param $oldsize i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (call $context.set.0 (i32.const 0xbad))
      (call $mode (global.get $realloc.mode))
      (local.set $at (i32.and (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub ${zero} (local.get $align))))
      (global.set $heap (i32.add (local.get $at) (local.get $size)))
      (if (i32.gt_u (global.get $heap) (i32.const ${LAYOUT.end})) (then unreachable))
      (local.get $at))
    (func (export "post-return") (param i32) (call $mode (global.get $post-return.mode))))`;
}
