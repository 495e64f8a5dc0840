/**
 * A component of about 14 kB in text form, of the shape that toolchains give: an interface of the host with functions and types, a
 * module that has the memory, a module with sixty functions, and twenty-four exports of all kinds of types. Each core module has a
 * custom section by whose name copies can differ.
 */
import { parseText } from '../../src/text/parse.ts';

const FUNCTIONS = 60;
const EXPORTS = 24;

/** The types of parameter and result that exports take in turns, with the core signature and body of a function that has them. */
const KINDS: readonly {
  readonly param: string;
  readonly result: string;
  readonly core: string;
  readonly body: string;
}[] = [
  { param: 'u32', result: 'u32', core: '(param i32) (result i32)', body: '(call $f0 (local.get 0) (i32.const 7))' },
  {
    param: 'string',
    result: 'u32',
    core: '(param i32 i32) (result i32)',
    body: '(call $f1 (local.get 0) (local.get 1))',
  },
  {
    param: '(list u8)',
    result: 'string',
    core: '(param i32 i32) (result i32)',
    body: '(call $ret (local.get 0) (local.get 1))',
  },
  { param: '$point', result: 'f64', core: '(param i32 i32 f64) (result f64)', body: '(local.get 2)' },
  {
    param: '(option u32)',
    result: '$shape',
    core: '(param i32 i32) (result i32)',
    body: '(call $ret (i32.const 0) (local.get 1))',
  },
  {
    param: '(list $point)',
    result: '(result string (error u32))',
    core: '(param i32 i32) (result i32)',
    body: '(call $ret3 (local.get 0) (local.get 1))',
  },
];

/** A body of some length that computes something. */
function arithmetic(seed: number): string {
  const steps = Array.from(
    { length: 10 },
    (_, i) =>
      `(local.set $a (i32.add (i32.mul (local.get $a) (i32.const ${seed * 97 + i * 31 + 5})) (i32.rotl (local.get $b) (i32.const ${(i % 13) + 1}))))`,
  );
  return `(func $f${seed} (param $a i32) (param $b i32) (result i32)
    (loop $l ${steps.join(' ')}
      (br_if $l (i32.gt_s (local.tee $b (i32.sub (local.get $b) (i32.const ${seed + 1}))) (i32.const 0))))
    (local.get $a))`;
}

const TYPES = `(import "bench:host/types" (instance $types
    (type $point (record (field "x" s32) (field "y" s32) (field "weight" f64)))
    (export "point" (type (eq $point)))
    (type $shape (variant (case "none") (case "dot" u32)))
    (export "shape" (type (eq $shape)))))
  (alias export $types "point" (type $point))
  (alias export $types "shape" (type $shape))`;

function text(): string {
  const hosts = Array.from({ length: 8 }, (_, i) => i);
  const kinds = Array.from({ length: EXPORTS }, (_, i) => KINDS[i % KINDS.length]!);
  return `(component
  (import "bench:host/log" (instance $log ${hosts.map((i) => `(export "line${i}" (func (param "text" string) (param "level" u32)))`).join(' ')}))
  ${TYPES}
  (core module $Mem
    (memory (export "memory") 2)
    (global $bump (mut i32) (i32.const 65536))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $p i32)
      (local.set $p (i32.and (i32.add (global.get $bump) (i32.const 7)) (i32.const -8)))
      (global.set $bump (i32.add (local.get $p) (local.get 3)))
      (local.get $p))
    (@custom "0000" ""))
  (core instance $mem (instantiate $Mem))
  ${hosts.map((i) => `(core func $line${i} (canon lower (func $log "line${i}") (memory (core memory $mem "memory"))))`).join('\n  ')}
  (core module $M
    (import "env" "memory" (memory 2))
    ${hosts.map((i) => `(import "env" "line${i}" (func $line${i} (param i32 i32 i32)))`).join(' ')}
    (func $ret (param i32 i32) (result i32)
      (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16))
    (func $ret3 (param i32 i32) (result i32)
      (i32.store (i32.const 16) (i32.const 0)) (i32.store (i32.const 20) (local.get 0)) (i32.store (i32.const 24) (local.get 1))
      (i32.const 16))
    ${Array.from({ length: FUNCTIONS }, (_, i) => arithmetic(i)).join('\n    ')}
    ${kinds.map(({ core, body }, i) => `(func (export "run${i}") ${core} (call $line${i % 8} (i32.const 1024) (i32.const 5) (i32.const ${i})) ${body})`).join('\n    ')}
    (data (i32.const 1024) "hello")
    (@custom "0000" ""))
  (core instance $m (instantiate $M (with "env" (instance (export "memory" (memory $mem "memory"))
    ${hosts.map((i) => `(export "line${i}" (func $line${i}))`).join(' ')}))))
  ${kinds
    .map(
      ({ param, result }, i) =>
        `(func (export "run${i}") (param "value" ${param}) (result ${result}) (canon lift (core func $m "run${i}") (memory (core memory $mem "memory")) (realloc (core func $mem "realloc"))))`,
    )
    .join('\n  ')})`;
}

export function mediumComponent(): Uint8Array<ArrayBuffer> {
  return parseText(text()).bytes;
}

/** What it imports. */
export function mediumImports(): Record<string, unknown> {
  return {
    'bench:host/types': {},
    'bench:host/log': Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`line${i}`, (): void => {}])),
  };
}
