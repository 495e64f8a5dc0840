/** Components joined in one: handles that pass through three of them, and every kind of alias. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Component, type Instance, Linker, type LinkOptions } from '../../src/index.ts';
import { component, fn } from '../support/component.ts';
import { once } from '../support/party.ts';

const MODES = ['generated', 'interpreted'] as const;

/** Owns the resource; its destructor tells the host. */
const OWNER = (head: string): string => `${head}
  (import "log" (func $log (param "what" u32)))
  (core func $logged (canon lower (func $log)))
  (core module $D
    (import "" "log" (func $log (param i32)))
    (func (export "dtor") (param i32) (call $log (local.get 0))))
  (core instance $d (instantiate $D (with "" (instance (export "log" (func $logged))))))
  (type $thing (resource (rep i32) (dtor (core func $d "dtor"))))
  (core func $new (canon resource.new $thing))
  (core module $M
    (func (export "get") (param i32) (result i32) (local.get 0)))
  (core instance $m (instantiate $M))
  (export $T "thing" (type $thing))
  (func (export "make") (param "rep" u32) (result (own $T)) (canon lift (core func $new)))
  (func (export "get") (param "x" (borrow $T)) (result u32) (canon lift (core func $m "get"))))`;

const OWNER_TYPE = `
    (export "thing" (type $thing (sub resource)))
    (export "make" (func (param "rep" u32) (result (own $thing))))
    (export "get" (func (param "x" (borrow $thing)) (result u32)))`;

/** Keeps one thing, lends what it is lent. */
const KEEPER = (head: string): string => `${head}
  (import "owner" (instance $owner ${OWNER_TYPE}))
  (alias export $owner "thing" (type $thing))
  (core func $get (canon lower (func $owner "get")))
  (core func $drop (canon resource.drop $thing))
  (core module $M
    (import "" "get" (func $get (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (global $kept (mut i32) (i32.const 0))
    (func (export "peek") (param i32) (result i32) (call $get (local.get 0)) (call $drop (local.get 0)))
    (func (export "keep") (param i32) (global.set $kept (local.get 0)))
    (func (export "kept") (result i32) (global.get $kept))
    (func (export "back") (result i32) (global.get $kept) (global.set $kept (i32.const 0)))
    (func (export "flush") (call $drop (global.get $kept))))
  (core instance $m (instantiate $M (with "" (instance (export "get" (func $get)) (export "drop" (func $drop))))))
  (func (export "peek") (param "x" (borrow $thing)) (result u32) (canon lift (core func $m "peek")))
  (func (export "keep") (param "x" (own $thing)) (canon lift (core func $m "keep")))
  (func (export "kept") (result u32) (canon lift (core func $m "kept")))
  (func (export "back") (result (own $thing)) (canon lift (core func $m "back")))
  (func (export "flush") (canon lift (core func $m "flush"))))`;

/** Makes three things, has one peeked at, moves one to the keeper, drops two; then flushes the keeper, or takes it back. */
const USER = (head: string): string => `${head}
  (import "owner" (instance $owner ${OWNER_TYPE}))
  (alias export $owner "thing" (type $thing))
  (import "keeper" (instance $keeper
    (export "peek" (func (param "x" (borrow $thing)) (result u32)))
    (export "keep" (func (param "x" (own $thing))))
    (export "kept" (func (result u32)))
    (export "back" (func (result (own $thing))))
    (export "flush" (func))))
  (core func $make (canon lower (func $owner "make")))
  (core func $get (canon lower (func $owner "get")))
  (core func $drop (canon resource.drop $thing))
  (core func $peek (canon lower (func $keeper "peek")))
  (core func $keep (canon lower (func $keeper "keep")))
  (core func $kept (canon lower (func $keeper "kept")))
  (core func $back (canon lower (func $keeper "back")))
  (core func $flush (canon lower (func $keeper "flush")))
  (core module $M
    (import "" "make" (func $make (param i32) (result i32)))
    (import "" "get" (func $get (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (import "" "peek" (func $peek (param i32) (result i32)))
    (import "" "keep" (func $keep (param i32)))
    (import "" "kept" (func $kept (result i32)))
    (import "" "back" (func $back (result i32)))
    (import "" "flush" (func $flush))
    (func (export "run") (result i32)
      (local $a i32) (local $b i32) (local $c i32) (local $sum i32)
      (local.set $a (call $make (i32.const 1)))
      (local.set $b (call $make (i32.const 20)))
      (local.set $c (call $make (i32.const 300)))
      (local.set $sum (i32.add (call $peek (local.get $a)) (call $peek (local.get $b))))
      (call $keep (local.get $b))
      (call $drop (local.get $c))
      (local.set $sum (i32.add (local.get $sum) (call $get (local.get $a))))
      (call $drop (local.get $a))
      (call $flush)
      (local.get $sum))
    (func (export "indices") (result i32)
      (local $a i32) (local $b i32)
      (local.set $a (call $make (i32.const 5)))
      (local.set $b (call $make (i32.const 6)))
      (call $keep (local.get $a))
      ;; The keeper's table is its own: its first index. The freed index here is the next to be given.
      (i32.add (i32.mul (call $kept) (i32.const 100))
        (i32.add (i32.mul (call $back) (i32.const 10)) (local.get $b)))
      (call $drop (local.get $b))
      (call $drop (local.get $a))))
  (core instance $m (instantiate $M (with "" (instance
    (export "make" (func $make)) (export "get" (func $get)) (export "drop" (func $drop)) (export "peek" (func $peek))
    (export "keep" (func $keep)) (export "kept" (func $kept)) (export "back" (func $back)) (export "flush" (func $flush))))))
  (func (export "run") (result u32) (canon lift (core func $m "run")))
  (func (export "indices") (result u32) (canon lift (core func $m "indices"))))`;

const NESTED = `(component
(import "log" (func $log (param "what" u32)))
${OWNER('(component $Owner')}
${KEEPER('(component $Keeper')}
${USER('(component $User')}
(instance $owner (instantiate $Owner (with "log" (func $log))))
(instance $keeper (instantiate $Keeper (with "owner" (instance $owner))))
(instance $user (instantiate $User (with "owner" (instance $owner)) (with "keeper" (instance $keeper))))
(export "user" (instance $user)))`;

interface Three {
  readonly user: Record<string, unknown>;
  readonly log: number[];
  readonly store: Instance;
}

async function three(link: 'live' | 'nested', options: LinkOptions): Promise<Three> {
  const log: number[] = [];
  const imports = { log: (what: number) => void log.push(what) };
  if (link === 'nested') {
    const store = await (await once(NESTED)).instantiate(imports, options);
    return { user: store.exports['user'] as Record<string, unknown>, log, store };
  }
  const join = async (guest: Promise<Component>, parts: Record<string, Instance>): Promise<Instance> => {
    const linker = new Linker();
    for (const [name, part] of Object.entries(parts)) linker.define(name, part.exports);
    return (await linker.link(await guest, options)).instantiate();
  };
  const owner = await (await once(OWNER('(component'))).instantiate(imports, options);
  const keeper = await join(once(KEEPER('(component')), { owner });
  const store = await join(once(USER('(component')), { owner, keeper });
  return { user: store.exports, log, store };
}

describe('handles through three components', () => {
  for (const link of ['nested', 'live'] as const) {
    for (const mode of MODES) {
      test(`own ones move, borrowed ones are lent on, destructors run in order, ${link}, ${mode}`, async () => {
        const { user, log, store } = await three(link, { mode });
        assert.equal(fn(user, 'run')(), 1 + 20 + 1);
        assert.deepEqual(log, [300, 1, 20]);
        assert.equal(fn(user, 'run')(), 22, 'and again: no handle, lend or borrow is left behind');
        assert.equal(store.alive, true);
        if (mode === 'generated') assert.equal(store.stats.interpreted, 0);
      });
      test(`each component has its own table, ${link}, ${mode}`, async () => {
        const { user, log } = await three(link, { mode });
        // Kept at 1 in the keeper's table, back at 1 in the user's, whose other handle is 2.
        assert.equal(fn(user, 'indices')(), 112);
        assert.deepEqual(log, [6, 5]);
      });
    }
  }
});

/** Everything that can be aliased is, on the way to a number that tells whether the right thing was found. */
const ALIASES = `(component $Root
  (import "host" (instance $host
    (export "thing" (type $t (sub resource)))
    (export "give" (func (result u32)))
    (export "inner" (instance (export "deep" (func (result u32)))))))
  (alias export $host "give" (func $give))
  (alias export $host "inner" (instance $inner))
  (alias export $inner "deep" (func $deep))
  (alias export $host "thing" (type $thing))
  (core module $Const (func (export "f") (result i32) (i32.const 1000)))
  (type $number u32)
  (core type $module (module (export "f" (func (result i32)))))
  (component $Add (type $n u32) (export "number" (type $n)))

  ;; Outer aliases of a type, a core type, a core module and a component, two levels up.
  (component $Mid
    (component $Leaf
      (alias outer $Root $number (type $n))
      (alias outer $Root $module (core type $m))
      (alias outer $Root $Const (core module $C))
      (alias outer $Root $Add (component $A))
      (import "m" (core module $M (type $m)))
      (core instance $c (instantiate $M))
      (instance $a (instantiate $A))
      (alias export $a "number" (type $also))
      (func (export "f") (result $n) (canon lift (core func $c "f")))
      (export "module" (core module $C))
      (export "component" (component $A))
      (export "number" (type $also)))
    (alias outer $Root $Const (core module $C))
    (instance $leaf (instantiate $Leaf (with "m" (core module $C))))
    (export "leaf" (instance $leaf)))
  (instance $mid (instantiate $Mid))
  (alias export $mid "leaf" (instance $leaf))
  (alias export $leaf "f" (func $f))
  (alias export $leaf "module" (core module $Again))
  (alias export $leaf "component" (component $AddAgain))
  (alias export $leaf "number" (type $numberAgain))
  (instance $added (instantiate $AddAgain))
  (core instance $again (instantiate $Again))

  ;; Core aliases: function, memory, table, global, tag.
  (core module $Parts
    (func (export "f") (result i32) (i32.const 7))
    (memory (export "m") 1)
    (data (i32.const 8) "\\05")
    (table (export "t") 1 funcref)
    (elem (i32.const 0) $x)
    (func $x (result i32) (i32.const 40))
    (global (export "g") i32 (i32.const 300))
    (tag (export "e") (param i32)))
  (core instance $parts (instantiate $Parts))
  (alias core export $parts "f" (core func $pf))
  (alias core export $parts "m" (core memory $pm))
  (alias core export $parts "t" (core table $pt))
  (alias core export $parts "g" (core global $pg))
  (alias core export $parts "e" (core tag $pe))
  (alias core export $again "f" (core func $af))
  (core func $lgive (canon lower (func $give)))
  (core func $ldeep (canon lower (func $deep)))
  (core func $lf (canon lower (func $f)))
  (core module $Sum
    (type $fn (func (result i32)))
    (import "" "f" (func $f (result i32)))
    (import "" "m" (memory 1))
    (import "" "t" (table 1 funcref))
    (import "" "g" (global $g i32))
    (import "" "e" (tag $e (param i32)))
    (import "" "again" (func $again (result i32)))
    (import "" "give" (func $give (result i32)))
    (import "" "deep" (func $deep (result i32)))
    (import "" "leaf" (func $leaf (result i32)))
    (func $thrown (result i32)
      (block $caught (result i32)
        (try_table (catch $e $caught) (throw $e (i32.const 6)))
        (unreachable)))
    (func (export "parts") (result i32)
      (i32.add (i32.add (call $f) (i32.load8_u (i32.const 8)))
        (i32.add (i32.add (call_indirect (type $fn) (i32.const 0)) (global.get $g)) (call $thrown))))
    (func (export "rest") (result i32)
      (i32.add (i32.add (call $again) (call $leaf)) (i32.add (call $give) (call $deep)))))
  (core instance $sum (instantiate $Sum (with "" (instance
    (export "f" (func $pf)) (export "m" (memory $pm)) (export "t" (table $pt)) (export "g" (global $pg)) (export "e" (tag $pe))
    (export "again" (func $af)) (export "give" (func $lgive)) (export "deep" (func $ldeep)) (export "leaf" (func $lf))))))
  (func (export "parts") (result $numberAgain) (canon lift (core func $sum "parts")))
  (func (export "rest") (result u32) (canon lift (core func $sum "rest"))))`;

describe('aliases', () => {
  for (const mode of MODES) {
    test(`of every sort, ${mode}`, async () => {
      class Thing {}
      const host = { Thing, give: () => 3, inner: { deep: () => 4 } };
      const guest = await (await component(ALIASES)).instantiate({ host }, { mode });
      assert.equal(fn(guest.exports, 'parts')(), 7 + 5 + 40 + 300 + 6);
      assert.equal(fn(guest.exports, 'rest')(), 1_000 + 1_000 + 3 + 4);
    });
  }
});
