/**
 * Handles between a component that owns a resource and one that is given it, for tests that forge them. The receiver's exports
 * pass raw table indices to the owner's functions; the owner is another component or the host.
 */
import { type Imports, type Instance, Linker, type LinkOptions } from '../../src/index.ts';
import { fn } from './component.ts';
import { type Edge, once, type Party } from './party.ts';

/** The functions of the owner. */
const OWNER_TYPE = `
    (export "thing" (type $thing (sub resource)))
    (export "other" (type $other (sub resource)))
    (export "make" (func (result (own $thing))))
    (export "make-other" (func (result (own $other))))
    (export "eat" (func (param "x" (own $thing))))
    (export "eat-two" (func (param "x" (own $thing)) (param "y" (own $thing))))
    (export "eat-list" (func (param "x" (list (own $thing)))))
    (export "use" (func (param "x" (borrow $thing))))
    (export "swap" (func (param "x" (borrow $thing)) (param "y" (own $thing))))`;

/** What the owner's destructor does, by number. */
export const DTOR = { well: 0, trap: 1, throw: 2, recurse: 3, ping: 4 };

/** Implements the owner. `use` and `swap` call `ping` of the host in the middle. */
const owner = (head: string): string => `${head}
  (import "ping" (func $ping))
  (core func $lowered (canon lower (func $ping)))
  (core module $D
    (import "" "ping" (func $ping))
    (tag $e)
    (memory (export "memory") 1)
    (global $mode (mut i32) (i32.const 0))
    (global $drops (mut i32) (i32.const 0))
    (func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))
    (func (export "dtor") (param i32)
      (global.set $drops (i32.add (global.get $drops) (i32.const 1)))
      (if (i32.eq (global.get $mode) (i32.const 1)) (then (unreachable)))
      (if (i32.eq (global.get $mode) (i32.const 2)) (then (throw $e)))
      (if (i32.eq (global.get $mode) (i32.const 3)) (then (drop (call $deep (i32.const 0)))))
      (if (i32.eq (global.get $mode) (i32.const 4)) (then (call $ping))))
    (func (export "drops") (result i32) (global.get $drops))
    (func (export "set") (param i32) (global.set $mode (local.get 0)))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 256)))
  (core instance $d (instantiate $D (with "" (instance (export "ping" (func $lowered))))))
  (type $thing (resource (rep i32) (dtor (core func $d "dtor"))))
  (type $other (resource (rep i32)))
  (core func $new (canon resource.new $thing))
  (core func $new-other (canon resource.new $other))
  (core func $drop (canon resource.drop $thing))
  (core module $M
    (import "" "ping" (func $ping))
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "new-other" (func $new-other (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "make") (result i32) (call $new (i32.const 7)))
    (func (export "make-other") (result i32) (call $new-other (i32.const 8)))
    (func (export "eat") (param i32) (call $drop (local.get 0)))
    (func (export "eat-two") (param i32 i32) (call $drop (local.get 0)) (call $drop (local.get 1)))
    (func (export "eat-list") (param i32 i32))
    (func (export "use") (param i32) (call $ping))
    (func (export "swap") (param i32 i32) (call $ping) (call $drop (local.get 1))))
  (core instance $m (instantiate $M (with "" (instance
    (export "ping" (func $lowered)) (export "new" (func $new))
    (export "new-other" (func $new-other)) (export "drop" (func $drop))))))
  (export $T "thing" (type $thing))
  (export $O "other" (type $other))
  (func (export "make") (result (own $T)) (canon lift (core func $m "make")))
  (func (export "make-other") (result (own $O)) (canon lift (core func $m "make-other")))
  (func (export "eat") (param "x" (own $T)) (canon lift (core func $m "eat")))
  (func (export "eat-two") (param "x" (own $T)) (param "y" (own $T)) (canon lift (core func $m "eat-two")))
  (func (export "eat-list") (param "x" (list (own $T)))
    (canon lift (core func $m "eat-list") (memory (core memory $d "memory")) (realloc (core func $d "realloc"))))
  (func (export "use") (param "x" (borrow $T)) (canon lift (core func $m "use")))
  (func (export "swap") (param "x" (borrow $T)) (param "y" (own $T)) (canon lift (core func $m "swap")))
  (func (export "set") (param "mode" u32) (canon lift (core func $d "set")))
  (func (export "drops") (result u32) (canon lift (core func $d "drops"))))`;

/** The receiver. It has a resource of its own, too. */
const receiver = (head: string): string => {
  const eats = ['eat', 'use', 'eat-two', 'swap'].map((name) => {
    const params = name === 'eat' || name === 'use' ? '(param "i" u32)' : '(param "i" u32) (param "j" u32)';
    return `(core func $${name} (canon lower (func $peer "${name}")))
  (func (export "call-${name}") ${params} (canon lift (core func $${name})))`;
  });
  return `${head}
  (import "peer" (instance $peer${OWNER_TYPE}))
  (alias export $peer "thing" (type $thing))
  (alias export $peer "other" (type $other))
  (type $mine (resource (rep i32)))
  (core func $make (canon lower (func $peer "make")))
  (core func $make-other (canon lower (func $peer "make-other")))
  (core func $drop (canon resource.drop $thing))
  (core func $new-mine (canon resource.new $mine))
  (core func $rep-mine (canon resource.rep $mine))
  (core func $drop-mine (canon resource.drop $mine))
  ${eats.join('\n  ')}
  (core module $M
    (import "" "drop" (func $drop (param i32)))
    (import "" "use" (func $use (param i32)))
    (import "" "eat" (func $eat (param i32)))
    (import "" "new-mine" (func $new-mine (param i32) (result i32)))
    (memory (export "memory") 1)
    (global $saved (mut i32) (i32.const 0))
    (func (export "poke") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "keep") (param i32) (global.set $saved (local.get 0)))
    (func (export "hold") (param i32) (global.set $saved (local.get 0)) (call $use (local.get 0)) (call $drop (local.get 0)))
    (func (export "move") (param i32) (call $eat (local.get 0)))
    (func (export "saved") (result i32) (global.get $saved))
    (func (export "fill") (loop $l (drop (call $new-mine (i32.const 1))) (br $l))))
  (core instance $m (instantiate $M (with "" (instance
    (export "drop" (func $drop)) (export "use" (func $use)) (export "eat" (func $eat)) (export "new-mine" (func $new-mine))))))
  (core func $eat-list (canon lower (func $peer "eat-list") (memory (core memory $m "memory"))))
  (func (export "make") (result u32) (canon lift (core func $make)))
  (func (export "make-other") (result u32) (canon lift (core func $make-other)))
  (func (export "call-drop") (param "i" u32) (canon lift (core func $drop)))
  (func (export "new-mine") (param "rep" u32) (result u32) (canon lift (core func $new-mine)))
  (func (export "rep-mine") (param "i" u32) (result u32) (canon lift (core func $rep-mine)))
  (func (export "drop-mine") (param "i" u32) (canon lift (core func $drop-mine)))
  (func (export "call-eat-list") (param "p" u32) (param "n" u32) (canon lift (core func $eat-list)))
  (func (export "poke") (param "at" u32) (param "value" u32) (canon lift (core func $m "poke")))
  (func (export "keep") (param "x" (borrow $thing)) (canon lift (core func $m "keep")))
  (func (export "hold") (param "x" (borrow $thing)) (canon lift (core func $m "hold")))
  (func (export "move") (param "x" (borrow $thing)) (canon lift (core func $m "move")))
  (func (export "saved") (result u32) (canon lift (core func $m "saved")))
  (func (export "fill") (canon lift (core func $m "fill"))))`;
};

const NESTED = `(component
(import "ping" (func $ping))
${owner('(component $Owner')}
${receiver('(component $Receiver')}
(instance $owner (instantiate $Owner (with "ping" (func $ping))))
(instance $receiver (instantiate $Receiver (with "peer" (instance $owner))))
(export "owner" (instance $owner))
(export "receiver" (instance $receiver)))`;

/** What a host that owns has: counts the objects that were disposed. */
export interface ThingHost {
  disposed: number;
  readonly imports: Imports;
}

function hostOwner(ping: () => unknown): ThingHost {
  const host: ThingHost = { disposed: 0, imports: {} };
  class Thing {
    [Symbol.dispose](): void {
      host.disposed++;
    }
  }
  class Other {}
  const peer = {
    Thing,
    Other,
    make: () => new Thing(),
    makeOther: () => new Other(),
    eat(thing: Thing) {
      thing[Symbol.dispose]();
    },
    eatTwo() {},
    eatList() {},
    use: () => void ping(),
    swap: () => void ping(),
  };
  return Object.assign(host, { imports: { peer } });
}

/** A receiver and where its things come from. */
export interface Things {
  readonly receiver: Party;
  /** The owner's exports; over the edge to the host, the host's classes and functions. */
  readonly owner: Readonly<Record<string, unknown>>;
  readonly ownerAlive: () => boolean;
}

function speak(guest: Instance, exports: Record<string, unknown>): Party {
  return {
    call: (name, ...args) => fn(exports, name)(...args),
    get alive() {
      return guest.alive;
    },
  };
}

/** Joins a receiver to an owner. The owner's `use` and `swap` call `ping`. */
export async function things(edge: Edge, link: LinkOptions, ping: () => unknown = () => undefined): Promise<Things> {
  if (edge === 'nested') {
    const guest = await (await once(NESTED)).instantiate({ ping }, link);
    const [above, below] = [guest.exports['receiver'], guest.exports['owner']] as Record<string, unknown>[];
    return { receiver: speak(guest, above!), owner: below!, ownerAlive: () => guest.alive };
  }
  const component = await once(receiver('(component'));
  if (edge === 'host') {
    const { imports } = hostOwner(ping);
    const guest = await component.instantiate(imports, link);
    return {
      receiver: speak(guest, guest.exports),
      owner: imports['peer'] as Record<string, unknown>,
      ownerAlive: () => true,
    };
  }
  const below = await (await once(owner('(component'))).instantiate({ ping }, link);
  const guest = (await new Linker().define('peer', below.exports).link(component, link)).instantiate();
  return { receiver: speak(guest, guest.exports), owner: below.exports, ownerAlive: () => below.alive };
}
