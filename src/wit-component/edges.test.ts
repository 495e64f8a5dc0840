import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assemble } from '../../test/support/assemble.ts';
import { decodeComponent } from '../binary/decode.ts';
import { validateComponent } from '../validate/validate.ts';
import { printWit } from '../wit/printer.ts';
import { decodeWorld } from './decode.ts';
import { mergeInterfaces } from './merge.ts';

function wit(text: string): string {
  const component = decodeComponent(assemble(text));
  validateComponent(component);
  return printWit(decodeWorld(component));
}

test('a resource that is imported and exported has the functions of both sides', () => {
  const text = wit(`(component
    (import "t:a/types@1.0.0" (instance
      (export "r" (type $r (sub resource)))
      (export "[method]r.one" (func (param "self" (borrow $r))))))
    (component $c
      (import "rr" (type $rr (sub resource)))
      (import "m" (func $m (param "self" (borrow $rr))))
      (import "k" (func $k (result (own $rr))))
      (export $r "r" (type $rr))
      (export "[constructor]r" (func $k) (func (result (own $r))))
      (export "[method]r.two" (func $m) (func (param "self" (borrow $r)))))
    (type $own (resource (rep i32)))
    (core module $M (func (export "m") (param i32)) (func (export "k") (result i32) i32.const 0))
    (core instance $i (instantiate $M))
    (func $m (param "self" (borrow $own)) (canon lift (core func $i "m")))
    (func $k (result (own $own)) (canon lift (core func $i "k")))
    (instance $e (instantiate $c (with "rr" (type $own)) (with "m" (func $m)) (with "k" (func $k))))
    (export "t:a/types@1.0.0" (instance $e)))`);
  assert.match(text, /resource r \{\n {6}one: func\(\);\n {6}constructor\(\);\n {6}two: func\(\);\n {4}\}/);
});

test('an export has what its own type names, no more', () => {
  const text = wit(`(component
    (core module $M (func (export "f")))
    (core instance $i (instantiate $M))
    (func $f (canon lift (core func $i "f")))
    (instance $both (export "f" (func $f)) (export "g" (func $f)))
    (type $less (instance (export "g" (func))))
    (export "less" (instance $both) (instance (type $less))))`);
  assert.equal(text, 'package root:component;\n\nworld root {\n  export less: interface {\n    g: func();\n  }\n}\n');
});

test('a type of an inline export keeps its name in a function of the world', () => {
  const text = wit(`(component
    (core module $M (func (export "f") (param i32)))
    (core instance $i (instantiate $M))
    (type $Rec (record (field "x" u32)))
    (instance $types (export "t" (type $Rec)))
    (export $out "types" (instance $types))
    (alias export $out "t" (type $T))
    (type $F (func (param "r" $T)))
    (func $f (type $F) (canon lift (core func $i "f")))
    (export "f" (func $f)))`);
  assert.match(text, /^ {2}export f: func\(r: t\);$/m);
});

test('types that WIT has no word for are left out: those of functions, instances and components', () => {
  const text = wit(`(component
    (type $f (func (param "a" u8)))
    (type $i (instance (export "f" (func))))
    (type $c (component (export "f" (func))))
    (type $a u8)
    (export "f" (type $f))
    (export "i" (type $i))
    (export "c" (type $c))
    (export "a" (type $a)))`);
  assert.equal(text, 'package root:component;\n\nworld root {\n  type a = u8;\n}\n');
});

test('merging keeps the order: what the first has, then what only the second has', () => {
  const types = ['a', 'b'].map((name) => ({ kind: 'enum' as const, name, labels: ['x'] }));
  const merged = mergeInterfaces(
    {
      uses: [{ interface: 'one', names: [{ name: 'p', as: 'p' }] }],
      types: types.slice(0, 1),
      funcs: [],
    },
    {
      uses: [
        { interface: 'one', names: ['p', 'q'].map((name) => ({ name, as: name })) },
        { interface: 'two', names: [{ name: 'p', as: 'r' }] },
      ],
      types,
      funcs: [],
    },
  );
  assert.deepEqual(merged, {
    uses: [
      { interface: 'one', names: ['p', 'q'].map((name) => ({ name, as: name })) },
      { interface: 'two', names: [{ name: 'p', as: 'r' }] },
    ],
    types,
    funcs: [],
  });
});

test('external ids stand before what has them, and part a use', () => {
  const text = wit(`(component
    (import "a:b/c" (external-id "top") (instance $i
      (export "r" (external-id "res") (type $r (sub resource)))
      (export "s" (type (sub resource)))
      (export "t" (type (sub resource)))
      (export "[method]r.m" (external-id "met") (func (param "self" (borrow $r))))
      (export "f" (external-id "a.b/c:d-e_f@1 \\"\\\\'\\c3\\a9\\t") (func))))
    (alias export $i "r" (type $ar))
    (alias export $i "s" (type $as))
    (alias export $i "t" (type $at))
    (import "r" (type (eq $ar)))
    (import "s2" (external-id "use") (type (eq $as)))
    (import "t" (type (eq $at))))`);
  assert.equal(
    text,
    String.raw`package root:component;

world root {
  @external-id("top")
  import a:b/c;
  use a:b/c.{r};
  @external-id("use")
  use a:b/c.{s as s2};
  use a:b/c.{t};
}
package a:b {
  interface c {
    @external-id("res")
    resource r {
      @external-id("met")
      m: func();
    }

    resource s;

    resource t;

    @external-id("a.b/c:d-e_f\u{40}1 \"\\\u{27}\u{e9}\t")
    f: func();
  }
}
`,
  );
});
