import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MalformedError } from '../../error/error.ts';
import { CodeWriter } from '../../util/code-writer.ts';
import { parseText } from '../parse.ts';
import { type ModulePrintOptions, moduleNaming, printModule } from './module.ts';
import { TextWriter } from './text-writer.ts';

const PREAMBLE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

function print(bytes: Uint8Array<ArrayBuffer>, options: ModulePrintOptions = {}): string {
  const out = new TextWriter();
  out.open('module');
  printModule(out, bytes, 0, bytes.length, options);
  return out.closeOnNewLine().finish();
}

/** The lines of the text of a text, without those around them; checks that it means the same bytes. */
function printed(fields: string, options: ModulePrintOptions = {}): string[] {
  const { bytes } = parseText(`(module ${fields})`);
  const text = print(bytes, options);
  if (options.names !== 'comments' && options.skeleton !== true)
    assert.deepEqual(parseText(text).bytes, bytes, `comes back as other bytes:\n${text}`);
  return text
    .split('\n')
    .slice(1, -2)
    .map((line) => line.slice(2));
}

/** A module of sections: id, then contents. */
function sections(...all: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  const w = new CodeWriter().byte(...PREAMBLE);
  for (const [id = 0, ...contents] of all)
    w.byte(id)
      .u(contents.length)
      .byte(...contents);
  return w.finish();
}

function name(text: string): number[] {
  return [text.length, ...new TextEncoder().encode(text)];
}

const ONE_FUNCTION = [
  [1, 1, 0x60, 0, 0],
  [3, 1, 0],
];

test('functions: type, parameters, locals, a body of one instruction a line', () => {
  const fields = '(func (param i32 i64) (result i32) (local f32 f32) local.get 0 (i32.add (i32.const -1)))';
  assert.deepEqual(printed(`${fields} (func)`), [
    '(type (;0;) (func (param i32 i64) (result i32)))',
    '(type (;1;) (func))',
    '(func (;0;) (type 0) (param i32 i64) (result i32)',
    '  (local f32 f32)',
    '  local.get 0',
    '  i32.const -1',
    '  i32.add',
    ')',
    '(func (;1;) (type 1))',
  ]);
});

test('blocks are indented, and labels show the level of their block', () => {
  const body = `block (result i32) i32.const 0 if br 1 else loop br_table 0 1 2 3 end end i32.const 1 end drop
    try_table (catch_all 0) end try catch_all rethrow 0 end try try nop delegate 0 delegate 0`;
  assert.deepEqual(printed(`(func ${body})`).slice(2, -1), [
    '  block (;@1;) (result i32)',
    '    i32.const 0',
    '    if (;@2;)',
    '      br 1 (;@1;)',
    '    else',
    '      loop (;@3;)',
    '        br_table 0 (;@3;) 1 (;@2;) 2 (;@1;) 3 (;@0;)',
    '      end',
    '    end',
    '    i32.const 1',
    '  end',
    '  drop',
    '  try_table (;@1;) (catch_all 0 (;@0;))',
    '  end',
    '  try (;@1;)',
    '  catch_all',
    '    rethrow 0 (;@1;)',
    '  end',
    '  try (;@1;)',
    '    try (;@2;)',
    '      nop',
    '    delegate 0 (;@1;)',
    '  delegate 0 (;@0;)',
  ]);
});

test('labels by identifier; one that an inner block hides by its number', () => {
  const lines = printed('(func block $a block $a br $a br 1 end br $a end)').slice(2, -1);
  assert.deepEqual(lines, [
    '  block $a (;@1;)',
    '    block $a (;@2;)',
    '      br $a (;@2;)',
    '      br 1 (;@1;)',
    '    end',
    '    br $a (;@1;)',
    '  end',
  ]);
});

test('types: recursive groups, supertypes, packed and shared', () => {
  assert.deepEqual(
    printed(`(rec (type (sub (struct (field i8 (mut i16))))) (type (sub final 0 (array (mut (ref null 0))))))
      (type (shared (struct (field (ref (shared any)))))) (type (func (param anyref) (result (ref null (shared func))))) (type (cont 3))
      (rec)`),
    [
      '(rec',
      '  (type (;0;) (sub (struct (field i8) (field (mut i16)))))',
      '  (type (;1;) (sub final 0 (array (mut (ref null 0)))))',
      ')',
      '(type (;2;) (shared (struct (field (ref (shared any))))))',
      '(type (;3;) (func (param anyref) (result (ref null (shared func)))))',
      '(type (;4;) (cont 3))',
      '(rec)',
    ],
  );
});

test('imports, exports, tables, memories, globals, tags, start', () => {
  const fields = [
    '(type (;0;) (func (param i32)))',
    '(import "m" "f" (func (;0;) (type 0) (param i32)))',
    '(import "m" "exact" (func (;1;) (exact (type 0) (param i32))))',
    '(import "m" "t" (table (;0;) i64 1 2 funcref))',
    '(import "m" "g" (global (;0;) (mut (ref null (shared any)))))',
    '(import "m" "e" (tag (;0;) (type 0) (param i32)))',
    '(table (;1;) 1 externref)',
    '(table (;2;) 1 (ref 0) (ref.func 0))',
    '(memory (;0;) i64 1 18446744073709551615)',
    '(memory (;1;) 1 2 shared (pagesize 1))',
    '(tag (;1;) (type 0) (param i32))',
    '(global (;1;) (shared mut i32) (i32.const 0))',
    '(global (;2;) i32 global.get 1 i32.const 1 i32.add)',
    '(export "a\\t\\"b" (memory 1))',
    '(start 0)',
  ];
  assert.deepEqual(printed(fields.join(' ')), fields);
});

test('every form of element and data segments comes back', () => {
  const fields = [
    '(type (;0;) (func))',
    '(table (;0;) 1 funcref)',
    '(memory (;0;) 1)',
    '(memory (;1;) 1)',
    '(elem (;0;) (i32.const 0) func 0 0)',
    '(elem (;1;) func 0)',
    '(elem (;2;) (table 0) (i32.const 0) func 0)',
    '(elem (;3;) declare func 0)',
    '(elem (;4;) (i32.const 0) funcref (ref.func 0))',
    '(elem (;5;) (ref func) (ref.func 0) (item ref.func 0 nop))',
    '(elem (;6;) (table 0) (offset) funcref)',
    '(elem (;7;) declare externref (ref.null extern))',
    '(func (;0;) (type 0))',
    '(data (;0;) (i32.const 0) "\\00a\\ff")',
    '(data (;1;) "")',
    '(data (;2;) (memory 1) (offset i32.const 1 i32.const 2 i32.add) "b")',
  ];
  assert.deepEqual(printed(fields.join(' ')), fields);
});

test('long data is broken into lines', () => {
  const lines = printed(`(memory 1) (data (i32.const 0) "${'x'.repeat(2500)}")`).slice(1);
  assert.deepEqual(
    lines.map((line) => line.length),
    ['(data (;0;) (i32.const 0)'.length, 1028, 1028, '  "")'.length + 452],
  );
});

test('constants are exact', () => {
  const body = [
    'i32.const -2147483648',
    'i64.const -9223372036854775808',
    'f32.const 0x1.8p+0 (;=1.5;)',
    'f32.const -nan:0x200000',
    'f64.const nan',
    'f64.const -0x0p+0 (;=-0;)',
    'v128.const i32x4 0x00000001 0x00000000 0xffffffff 0x80000000',
    'i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31',
  ];
  assert.deepEqual(
    printed(`(func ${body.join('\n')})`).slice(2, -1),
    body.map((line) => `  ${line}`),
  );
});

test('immediates of every shape', () => {
  const body = [
    'i32.load offset=18446744073709551615 align=1',
    'i32.load 1 offset=4',
    'v128.load8_lane 1 offset=1 3',
    'memory.size',
    'memory.copy 1 0',
    'memory.copy',
    'memory.init 1 0',
    'memory.init 0',
    'data.drop 0',
    'table.get 0',
    'table.init 0',
    'table.copy',
    'call_indirect (type 0)',
    'return_call_indirect 1 (type 0)',
    'select',
    'select (result)',
    'select (result i32)',
    'ref.test (ref 0)',
    'ref.cast (ref null (exact 0))',
    'br_on_cast 0 (;@0;) anyref (ref i31)',
    'ref.null (shared any)',
    'struct.get_s 1 0',
    'array.new_fixed 2 3',
    'array.new_data 2 0',
    'atomic.fence',
    'i64.atomic.rmw8.cmpxchg_u offset=1',
    'i64.mul_wide_u',
    'cont.bind 3 3',
    'resume 3 (on 0 0 (;@0;)) (on 0 switch)',
    'resume_throw 3 0',
    'switch 3 0',
  ];
  const types = '(type (func)) (type (struct (field i8))) (type (array i8)) (type (cont 0))';
  const others = '(table 1 funcref) (table 1 funcref) (memory 1) (memory 1) (elem func) (data "") (tag)';
  const lines = printed(`${types} ${others} (func ${body.join('\n')})`);
  assert.deepEqual(
    lines.slice(lines.indexOf('(func (;0;) (type 0)') + 1, -2),
    body.map((line) => `  ${line}`),
  );
});

test('names that come back are identifiers, made up where they are taken, empty or look made up', () => {
  const fields = `(type $t (struct (field $a i32) (field $x (@name "a") i32)))
    (func $f (param $p i32) (param i64) (local $l i32) local.get $l struct.get $t $a call $g)
    (func $g (@name "f")) (func $h (@name "")) (func $"#odd")
    (memory $"a b" 1)`;
  assert.deepEqual(printed(fields), [
    '(type $t (;0;) (struct (field $a i32) (field $"#field1 a" (@name "a") i32)))',
    '(type (;1;) (func (param i32 i64)))',
    '(type (;2;) (func))',
    '(memory $"a b" (;0;) 1)',
    '(func $f (;0;) (type 1) (param $p i32) (param i64)',
    '  (local $l i32)',
    '  local.get $l',
    '  struct.get $t $a',
    '  call $"#func1 f"',
    ')',
    '(func $"#func1 f" (@name "f") (;1;) (type 2))',
    '(func $#func2 (@name "") (;2;) (type 2))',
    '(func $"#func3 #odd" (@name "#odd") (;3;) (type 2))',
  ]);
});

test('a name section that is not the last is printed as bytes, and its names as comments', () => {
  const { bytes } = parseText('(module $m (func $"f;)" (param $p i32) local.get $p call 0 block $l br $l end))');
  const behind = new Uint8Array([...bytes, 0, 2, 1, 0x78]);
  const lines = [
    '(module (;$m;)',
    '  (type (;0;) (func (param i32)))',
    '  (func (;0;) (;$f,);) (type 0) (param i32)',
    '    local.get 0 (;$p;)',
    '    call 0 (;$f,);)',
    '    block (;@1;) (;$l;)',
    '      br 0 (;@1;)',
    '    end',
    '  )',
    '  (@custom "name" "\\00\\02\\01m\\01\\06\\01\\00\\03f;)\\02\\06\\01\\00\\01\\00\\01p\\03\\06\\01\\00\\01\\00\\01l")',
    '  (@custom "x" "")',
    ')',
    '',
  ];
  assert.deepEqual(print(behind).split('\n'), lines);
  assert.deepEqual(parseText(lines.join('\n')).bytes, behind);
  const named = print(behind, { names: 'identifiers' });
  assert.match(named, /^\(module \$m\n.*\(func \$"f;\)" \(;0;\).*local\.get \$p\n.*\(@custom "x" ""\)\n\)\n$/s);
  assert.doesNotMatch(named, /@custom "name"/);
});

test('names of what is not there, twice, in the wrong order or padded are no identifiers', () => {
  const body = [10, 1, 2, 0, 0x0b];
  const style = (...names: readonly number[]): string => {
    const bytes = sections(...ONE_FUNCTION, body, [0, ...name('name'), ...names]);
    assert.deepEqual(parseText(print(bytes)).bytes, bytes);
    return moduleNaming(bytes, 0, bytes.length).style;
  };
  assert.equal(style(1, 4, 1, 0, 1, 0x66), 'identifiers');
  assert.equal(style(1, 4, 1, 1, 1, 0x66), 'comments', 'no function 1');
  assert.equal(style(1, 7, 2, 0, 1, 0x66, 0, 1, 0x67), 'comments', 'twice');
  assert.equal(style(1, 5, 0x81, 0, 0, 1, 0x66), 'comments', 'padded');
  assert.equal(style(2, 6, 1, 0, 1, 0, 1, 0x66), 'comments', 'no local 0');
  assert.equal(style(3, 6, 1, 0, 1, 0, 1, 0x66), 'comments', 'no block');
  assert.equal(style(1, 4, 1, 0, 1, 0x66, 0, 2, 1, 0x66), 'comments', 'the module behind its functions');
  assert.equal(style(), 'comments', 'empty');
  assert.equal(style(99, 0), 'comments', 'unknown subsection');
});

test('the caller can write the header', () => {
  const { bytes } = parseText('(module $m (func $f))');
  assert.deepEqual(moduleNaming(bytes, 0, bytes.length), { style: 'identifiers', name: 'm' });
  assert.deepEqual(moduleNaming(bytes, 0, bytes.length, 'comments'), { style: 'comments', name: 'm' });
  assert.match(print(bytes, { header: 'caller' }), /^\(module\n/);
  assert.match(print(parseText('(module (@name ""))').bytes), /^\(module \(@name ""\)\n/);
});

test('custom sections keep their places', () => {
  const fields = [
    '(@custom "a" (before first) "1")',
    '(@custom "b" (before first) "2")',
    '(type (;0;) (func))',
    '(@custom "c" (after type) "3")',
    '(elem (;0;) func)',
    '(@custom "d" (after elem) "")',
    '(@custom "e" (before code) "")',
    '(func (;0;) (type 0)',
    '  data.drop 0',
    ')',
    '(@custom "f" (after code) "\\00")',
    '(data (;0;) "")',
    '(@custom "g" "")',
  ];
  assert.deepEqual(printed(fields.join('\n')), fields);
  assert.deepEqual(printed('(@custom "a" "")'), ['(@custom "a" "")']);
});

test('sections with annotations of their own use them only where they come back', () => {
  const fields = [
    '(@dylink.0',
    '  (mem-info (memory 8 2))',
    '  (needed "libc.so")',
    '  (export-info "f" binding-weak tls 0x80000000)',
    ')',
    '(type (;0;) (func))',
    '(func (;0;) (type 0)',
    '  i32.const 0',
    '  (@metadata.code.branch_hint "\\01")',
    '  br_if 0 (;@0;)',
    ')',
    '(@producers',
    '  (language "C" "11")',
    '  (processed-by "cc" "1")',
    ')',
  ];
  assert.deepEqual(printed(fields.join('\n')), fields);
  const odd = [
    '(@custom "producers" (before first) "\\00")',
    '(type (;0;) (func))',
    '(@custom "dylink.0" (after type) "")',
    '(@custom "metadata.code.branch_hint" (before code) "\\01\\00\\01\\05\\01\\00")',
    '(func (;0;) (type 0))',
    '(@custom "producers" "\\01\\00\\00")',
  ];
  assert.deepEqual(printed(odd.join('\n')), odd);
});

test('a skeleton has no bodies and no bytes', () => {
  assert.deepEqual(printed('(func (local i32) nop) (memory 1) (data (i32.const 0) "x")', { skeleton: true }), [
    '(type (;0;) (func))',
    '(memory (;0;) 1)',
    '(func (;0;) (type 0) ...)',
    '(data (;0;) (i32.const 0) ...)',
  ]);
});

test('blocks may be nested as deep as they like', () => {
  const depth = 100_000;
  const body = new CodeWriter().byte(0);
  for (let i = 0; i < depth; i++) body.byte(0x02, 0x40);
  for (let i = 0; i <= depth; i++) body.byte(0x0b);
  const w = new CodeWriter().byte(...PREAMBLE, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10);
  const bytes = w.sized((code) => code.byte(1).u(body.length).raw(body.view())).finish();
  assert.deepEqual(parseText(print(bytes)).bytes, bytes);
});

test('malformed code is refused with its offset', () => {
  const refused = (code: readonly number[], expected: string, offset: number): void => {
    const bytes = sections(...ONE_FUNCTION, [10, 1, code.length + 1, 0, ...code]);
    assert.throws(
      () => print(bytes),
      (error: unknown) =>
        error instanceof MalformedError &&
        error.code === expected &&
        error.details.offset === bytes.length - code.length + offset,
      expected,
    );
  };
  refused([0xff, 0x0b], 'unknown-opcode', 0);
  refused([0xfc, 0x7f, 0x0b], 'unknown-opcode', 0);
  refused([0x05, 0x0b], 'misplaced-instruction', 0);
  refused([0x0b, 0x0b], 'body-size', 1);
  refused([0x41], 'unexpected-end', 1);
  refused([0x28, 0x80, 0x01, 0, 0x0b], 'invalid-memory-flags', 1);
  refused([0x41, 0x80, 0x80, 0x80, 0x80, 0x08, 0x0b], 'leb-too-large', 1);
  const locals = sections(...ONE_FUNCTION, [10, 1, 8, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b]);
  assert.throws(() => print(locals), { code: 'too-many-locals' });
  assert.throws(() => print(sections([11, 0xff, 0xff, 0xff, 0xff, 0x0f])), { code: 'unexpected-end' });
  assert.throws(() => print(sections([3, 1, 0])), { code: 'inconsistent-lengths' });
  assert.throws(() => print(sections([11, 0], [1, 0])), { code: 'section-order' });
});
