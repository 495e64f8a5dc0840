/**
 * A component that both calls and is called with values that the test dictates: `poke` writes its memory, `call-eat-*` passes raw
 * core values to the imports of `peer`, `give-*` answers what stands at an address, and its `realloc` and `post-return` misbehave
 * as told. Two of them, joined by a Linker or inside one component, or one and the host, make the edges that attacks go over.
 */
import {
  type Component,
  type Imports,
  type Instance,
  type InstancePre,
  Linker,
  type LinkOptions,
} from '../../src/index.ts';
import { component, fn } from './component.ts';

export type Encoding = 'utf8' | 'utf16' | 'latin1+utf16';
export const ENCODINGS: readonly Encoding[] = ['utf8', 'utf16', 'latin1+utf16'];

/** Types that go over an edge, and how many core values each takes as a parameter. */
const TYPES: Readonly<Record<string, readonly [type: string, flat: number]>> = {
  string: ['string', 2],
  bytes: ['(list u8)', 2],
  words: ['(list u32)', 2],
  longs: ['(list u64)', 2],
  strings: ['(list string)', 2],
  grid: ['(list (list u16))', 2],
  chars: ['(list char)', 2],
  char: ['char', 1],
  maybe: ['(option u32)', 2],
  maybes: ['(list (option u8))', 2],
  either: ['(result string (error u32))', 3],
};
/** Those that are results, too: they are answered through a return area. */
const GIVEN = ['string', 'bytes', 'words', 'longs', 'strings', 'grid', 'chars', 'maybe', 'maybes'] as const;

/** Seventeen parameters: one more than core parameters may carry, so a pointer to them is passed. */
const MANY = Array.from({ length: 17 }, (_, i) => `(param "p${i}" u32)`).join(' ');

const PEER = [
  '(export "ping" (func))',
  `(export "eat-many" (func ${MANY}))`,
  ...Object.entries(TYPES).map(([name, [type]]) => `(export "eat-${name}" (func (param "x" ${type})))`),
  ...GIVEN.map((name) => `(export "give-${name}" (func (param "area" u32) (result ${TYPES[name]![0]})))`),
].join('\n    ');

/** What `realloc` does, by number. */
export const REALLOC = {
  well: 0,
  beyond: 1,
  unaligned: 2,
  trap: 3,
  grow: 4,
  leave: 5,
  straddle: 6,
  throw: 7,
  recurse: 8,
};
/** What `post-return` does, by number. */
export const POST = { well: 0, trap: 1, leave: 2, throw: 3, recurse: 4 };

const CORE = `
  (core module $M
    (import "" "ping" (func $ping))
    (tag $e)
    (memory (export "memory") 16)
    (global $top (mut i32) (i32.const 4096))
    (global $mode (mut i32) (i32.const 0))
    (global $post (mut i32) (i32.const 0))
    (global $posts (mut i32) (i32.const 0))
    (func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))
    (func (export "realloc") (param $old i32) (param $size i32) (param $align i32) (param $new i32) (result i32)
      (local $at i32)
      (block $8 (block $7 (block $6 (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
        (br_table $0 $1 $2 $3 $4 $5 $6 $7 $8 $0 (global.get $mode)))
        (br $8)) (return (i32.const -16)))
        (return (i32.const 4097)))
        (unreachable))
        (drop (memory.grow (i32.const 1))) (br $8))
        (call $ping) (br $8))
        (return (i32.add (local.get $align)
          (i32.and (i32.sub (i32.mul (memory.size) (i32.const 65536)) (local.get $new)) (i32.sub (i32.const 0) (local.get $align))))))
        (throw $e))
      (if (i32.eq (global.get $mode) (i32.const 8)) (then (drop (call $deep (i32.const 0)))))
      (local.set $at (i32.and
        (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $top (i32.add (local.get $at) (local.get $new)))
      (memory.copy (local.get $at) (local.get $old) (local.get $size))
      (local.get $at))
    (func (export "post") (param i32)
      (global.set $posts (i32.add (global.get $posts) (i32.const 1)))
      (if (i32.eq (global.get $post) (i32.const 1)) (then (unreachable)))
      (if (i32.eq (global.get $post) (i32.const 2)) (then (call $ping)))
      (if (i32.eq (global.get $post) (i32.const 3)) (then (throw $e)))
      (if (i32.eq (global.get $post) (i32.const 4)) (then (drop (call $deep (i32.const 0))))))
    (func (export "posts") (result i32) (global.get $posts))
    (func (export "poke") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "peek") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "set") (param i32 i32) (global.set $mode (local.get 0)) (global.set $post (local.get 1)))
    (func (export "eat1") (param i32))
    (func (export "eat2") (param i32 i32))
    (func (export "eat3") (param i32 i32 i32))
    (func (export "give") (param i32) (result i32) (local.get 0)))`;

/** The text of a party. `head` names the component inside another text. */
export function party(encoding: Encoding, head = '(component'): string {
  const options = `string-encoding=${encoding} (memory (core memory $m "memory")) (realloc (core func $m "realloc"))`;
  const lowered = (name: string): string => `(core func $${name} (canon lower (func $peer "${name}") ${options}))`;
  const numbers = (count: number): string => Array.from({ length: count }, (_, i) => `(param "p${i}" u32)`).join(' ');
  const eats = Object.entries(TYPES).map(
    ([name, [type, flat]]) => `
  ${lowered(`eat-${name}`)}
  (func (export "eat-${name}") (param "x" ${type}) (canon lift (core func $m "eat${flat}") ${options}))
  (func (export "call-eat-${name}") ${numbers(flat)} (canon lift (core func $eat-${name})))`,
  );
  const gives = GIVEN.map(
    (name) => `
  ${lowered(`give-${name}`)}
  (func (export "give-${name}") (param "area" u32) (result ${TYPES[name]![0]})
    (canon lift (core func $m "give") ${options} (post-return (core func $m "post"))))
  (func (export "call-give-${name}") (param "area" u32) (param "into" u32) (canon lift (core func $give-${name})))`,
  );
  return `${head}
  (import "peer" (instance $peer
    ${PEER}))
  (core func $ping (canon lower (func $peer "ping")))${CORE}
  (core instance $m (instantiate $M (with "" (instance (export "ping" (func $ping))))))
  (func (export "ping") (canon lift (core func $ping)))
  (func (export "posts") (result u32) (canon lift (core func $m "posts")))
  (func (export "poke") (param "at" u32) (param "value" u32) (canon lift (core func $m "poke")))
  (func (export "peek") (param "at" u32) (result u32) (canon lift (core func $m "peek")))
  (func (export "set") (param "realloc" u32) (param "post" u32) (canon lift (core func $m "set")))
  ${lowered('eat-many')}
  (func (export "eat-many") ${MANY} (canon lift (core func $m "eat1") ${options}))
  (func (export "call-eat-many") (param "at" u32) (canon lift (core func $eat-many)))
  ${eats.join('\n')}
  ${gives.join('\n')})`;
}

/** Two parties in one component: `upper` calls `lower`, `lower` calls the host. */
export function nested(upper: Encoding, lower: Encoding): string {
  return `(component
(import "peer" (instance $host
    ${PEER}))
${party(lower, '(component $Lower')}
${party(upper, '(component $Upper')}
(instance $lower (instantiate $Lower (with "peer" (instance $host))))
(instance $upper (instantiate $Upper (with "peer" (instance $lower))))
(export "lower" (instance $lower))
(export "upper" (instance $upper)))`;
}

/** What a party's `peer` is made of where the host is the peer. `ping` may be told what to do. */
export function hostPeer(ping: () => unknown = () => undefined): Imports {
  const peer: Record<string, unknown> = { ping, eatMany() {} };
  const text = { string: 'hé', strings: ['é', 'b'] };
  const values: Readonly<Record<string, unknown>> = {
    ...text,
    bytes: new Uint8Array([1, 2]),
    words: new Uint32Array([1, 2]),
    longs: [1n],
    grid: [[1, 2], []],
    chars: ['x'],
    maybe: 5,
    maybes: [undefined, 3],
  };
  const pascal = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1);
  for (const name of Object.keys(TYPES)) peer[`eat${pascal(name)}`] = () => {};
  for (const name of GIVEN) peer[`give${pascal(name)}`] = () => values[name];
  return { peer };
}

export type Edge = 'host' | 'live' | 'nested';
export const EDGES: readonly Edge[] = ['host', 'live', 'nested'];

type Exports = Record<string, unknown>;

/** A party that can be spoken to. */
export interface Party {
  call(name: string, ...args: unknown[]): unknown;
  readonly alive: boolean;
}

/** Both ends of an edge; over the edge to the host there is one party, and `upper` is `lower`. */
export interface World {
  /** Calls its peer. */
  readonly upper: Party;
  /** Is called by `upper`. */
  readonly lower: Party;
}

const loaded = new Map<string, Promise<Component>>();

/** Assembles and compiles a text once. */
export function once(text: string): Promise<Component> {
  let found = loaded.get(text);
  if (found === undefined) {
    found = component(text);
    loaded.set(text, found);
  }
  return found;
}

function speak(guest: Instance, exports: Exports): Party {
  return {
    call: (name, ...args) => fn(exports, name)(...args),
    get alive() {
      return guest.alive;
    },
  };
}

export interface WorldOptions extends LinkOptions {
  readonly upper?: Encoding;
  readonly lower?: Encoding;
  readonly ping?: () => unknown;
}

const linked = new Map<string, Promise<InstancePre>>();

/** Links a text to the host as `peer`, once where nobody asks for a `ping` of his own. */
function toHost(text: string, ping: WorldOptions['ping'], link: LinkOptions): Promise<InstancePre> {
  const make = async (): Promise<InstancePre> => new Linker().defineAll(hostPeer(ping)).link(await once(text), link);
  if (ping !== undefined) return make();
  const key = `${JSON.stringify(link)} ${text}`;
  let found = linked.get(key);
  if (found === undefined) {
    found = make();
    linked.set(key, found);
  }
  return found;
}

/** Builds both ends of an edge. */
export async function world(edge: Edge, options: WorldOptions = {}): Promise<World> {
  const { upper = 'utf8', lower = 'utf8', ping, ...link } = options;
  if (edge === 'nested') {
    const guest = (await toHost(nested(upper, lower), ping, link)).instantiate();
    const [above, below] = [guest.exports['upper'], guest.exports['lower']] as [Exports, Exports];
    return { upper: speak(guest, above), lower: speak(guest, below) };
  }
  if (edge === 'host') {
    const guest = (await toHost(party(upper), ping, link)).instantiate();
    const one = speak(guest, guest.exports);
    return { upper: one, lower: one };
  }
  const below = (await toHost(party(lower), ping, link)).instantiate();
  const pre = await new Linker().define('peer', below.exports).link(await once(party(upper)), link);
  const above = pre.instantiate();
  return { upper: speak(above, above.exports), lower: speak(below, below.exports) };
}
