/** Components with asynchronous functions, in the text format: the canons that a core module imports, and its body. */

/** A canon by the name under which the core module imports it: its text, and its core type. */
export type Canons = Readonly<Record<string, readonly [canon: string, type: string]>>;

export interface GuestText {
  /** Types of the component, and what it imports. */
  readonly types?: string;
  readonly canons: Canons;
  /** Fields of the core module beside its imports. */
  readonly body: string;
  /** Lifted exports; the core instance is `$m`, the memory `$mem "mem"`, realloc `$mem "realloc"`. */
  readonly exports: string;
}

/** The options of a canon that has to do with memory. */
export const MEMORY = '(memory (core memory $mem "mem"))';
export const REALLOC = '(realloc (core func $mem "realloc"))';

/** A component: one core module, and a memory whose `realloc` never frees. Addresses below 4096 are the module's own. */
export function guestText({ types = '', canons, body, exports }: GuestText): string {
  const names = Object.entries(canons);
  return `
(component
  (core module $Mem
    (memory (export "mem") 32)
    (global $next (mut i32) (i32.const 4096))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $mem (instantiate $Mem))
  ${types}
  ${names.map(([name, [canon]]) => `(core func $${name} (canon ${canon}))`).join('\n  ')}
  (core module $M
    (import "" "mem" (memory 32))
    (import "" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
    ${names.map(([name, [, type]]) => `(import "" "${name}" (func $${name} ${type}))`).join('\n    ')}
    ${body})
  (core instance $m (instantiate $M (with "" (instance
    (export "mem" (memory $mem "mem"))
    (export "realloc" (func $mem "realloc"))
    ${names.map(([name]) => `(export "${name}" (func $${name}))`).join('\n    ')}))))
  ${exports})`;
}

/** A lift of the core export `core`: synchronous, `async`, or with the callback of that name. */
export function lift(core: string, how: 'sync' | 'async' | { readonly callback: string }): string {
  const options = how === 'sync' ? '' : how === 'async' ? 'async' : `async (callback (core func $m "${how.callback}"))`;
  return `(canon lift (core func $m "${core}") ${MEMORY} ${REALLOC} ${options})`;
}

/** The built-ins of a stream type; reads and writes block, and `read-async`, `write-async` do not. */
export function streamCanons(type: string): Canons {
  return {
    'stream.new': [`stream.new ${type}`, '(result i64)'],
    'stream.read': [`stream.read ${type} ${MEMORY} ${REALLOC}`, '(param i32 i32 i32) (result i32)'],
    'stream.write': [`stream.write ${type} ${MEMORY}`, '(param i32 i32 i32) (result i32)'],
    'read-async': [`stream.read ${type} async ${MEMORY} ${REALLOC}`, '(param i32 i32 i32) (result i32)'],
    'write-async': [`stream.write ${type} async ${MEMORY}`, '(param i32 i32 i32) (result i32)'],
    'drop-readable': [`stream.drop-readable ${type}`, '(param i32)'],
    'drop-writable': [`stream.drop-writable ${type}`, '(param i32)'],
  };
}

/** The built-ins of a future type, named alike. */
export function futureCanons(type: string): Canons {
  return {
    'future.new': [`future.new ${type}`, '(result i64)'],
    'future.read': [`future.read ${type} ${MEMORY} ${REALLOC}`, '(param i32 i32) (result i32)'],
    'future.write': [`future.write ${type} ${MEMORY}`, '(param i32 i32) (result i32)'],
    'future.drop-readable': [`future.drop-readable ${type}`, '(param i32)'],
    'future.drop-writable': [`future.drop-writable ${type}`, '(param i32)'],
  };
}

/** `task.return` of a result type. */
export function taskReturn(result: string, type: string): Canons {
  return { 'task.return': [`task.return ${result === '' ? '' : `(result ${result})`} ${MEMORY}`, type] };
}

/** Waitable sets. */
export const WAITABLES: Canons = {
  'set.new': ['waitable-set.new', '(result i32)'],
  'set.wait': [`waitable-set.wait ${MEMORY}`, '(param i32 i32) (result i32)'],
  'set.poll': [`waitable-set.poll ${MEMORY}`, '(param i32 i32) (result i32)'],
  'set.drop': ['waitable-set.drop', '(param i32)'],
  join: ['waitable.join', '(param i32 i32)'],
};

/** What a callback answers to wait for a set: its handle is on the stack. */
export const WAIT = '(i32.or (i32.const 2) (i32.shl (i32.const 4)))';

/**
 * A guest that copies a stream of `element` (of `size` bytes in memory) into another: `echo(in) -> out`, 16 elements at a time, from one
 * buffer at address 1024.
 */
export function echoGuest(element: string, size: number, types = ''): string {
  return guestText({
    types: `${types} (type $ST (stream ${element}))`,
    canons: { ...streamCanons('$ST'), ...taskReturn('$ST', '(param i32)') },
    body: `
    (func (export "echo") (param $in i32)
      (local $pair i64) (local $out i32) (local $got i32) (local $from i32) (local $left i32)
      (local.set $pair (call $stream.new))
      (local.set $out (i32.wrap_i64 (i64.shr_u (local.get $pair) (i64.const 32))))
      (call $task.return (i32.wrap_i64 (local.get $pair)))
      (block $end
        (loop $more
          (local.set $got (call $stream.read (local.get $in) (i32.const 1024) (i32.const 16)))
          (local.set $left (i32.shr_u (local.get $got) (i32.const 4)))
          (local.set $from (i32.const 1024))
          (block $written
            (loop $write
              (br_if $written (i32.eqz (local.get $left)))
              (local.set $got (i32.or (i32.and (local.get $got) (i32.const 15)) (i32.const 0)))
              (call $put (local.get $out) (local.get $from) (local.get $left))
              (local.set $from (i32.add (local.get $from) (i32.mul (global.get $put) (i32.const ${size}))))
              (local.set $left (i32.sub (local.get $left) (global.get $put)))
              (br_if $end (global.get $gone))
              (br $write)))
          (br_if $more (i32.eqz (i32.and (local.get $got) (i32.const 15))))))
      (call $drop-readable (local.get $in))
      (call $drop-writable (local.get $out)))
    (global $put (mut i32) (i32.const 0))
    (global $gone (mut i32) (i32.const 0))
    (func $put (param i32 i32 i32)
      (local $done i32)
      (local.set $done (call $stream.write (local.get 0) (local.get 1) (local.get 2)))
      (global.set $put (i32.shr_u (local.get $done) (i32.const 4)))
      (global.set $gone (i32.and (local.get $done) (i32.const 15))))`,
    exports: `(func (export "echo") async (param "in" $ST) (result $ST) ${lift('echo', 'async')})`,
  });
}

/**
 * A guest that copies a future of `element` into another: `echo(in) -> out`; `take(in) -> element` where that is an `i32` flat;
 * `forget(in)`. It counts the futures that it has written: `written`.
 */
export function futureGuest(element: string, flat?: 'i32', types = ''): string {
  const take =
    flat === undefined
      ? ''
      : `(func (export "take") async (param "in" $FT) (result ${element}) ${lift('take', 'sync')})`;
  return guestText({
    types: `${types} (type $FT (future ${element}))`,
    canons: { ...futureCanons('$FT'), ...taskReturn('$FT', '(param i32)') },
    body: `
    (global $written (mut i32) (i32.const 0))
    (func (export "written") (result i32) (global.get $written))
    (func (export "echo") (param $in i32) (local $pair i64) (local $out i32)
      (local.set $pair (call $future.new))
      (local.set $out (i32.wrap_i64 (i64.shr_u (local.get $pair) (i64.const 32))))
      (call $task.return (i32.wrap_i64 (local.get $pair)))
      (drop (call $future.read (local.get $in) (i32.const 1024)))
      (call $future.drop-readable (local.get $in))
      (drop (call $future.write (local.get $out) (i32.const 1024)))
      (global.set $written (i32.add (global.get $written) (i32.const 1)))
      (call $future.drop-writable (local.get $out)))
    (func (export "take") (param $in i32) (result i32)
      (drop (call $future.read (local.get $in) (i32.const 1024)))
      (call $future.drop-readable (local.get $in))
      (i32.load (i32.const 1024)))
    (func (export "forget") (param $in i32) (call $future.drop-readable (local.get $in)))
    (func (export "trap") unreachable)`,
    exports: `
  (func (export "written") (result u32) ${lift('written', 'sync')})
  (func (export "echo") async (param "in" $FT) (result $FT) ${lift('echo', 'async')})
  ${take}
  (func (export "forget") (param "in" $FT) ${lift('forget', 'sync')})
  (func (export "trap") ${lift('trap', 'sync')})`,
  });
}
