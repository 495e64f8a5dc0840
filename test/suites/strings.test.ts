/** Texts between all encodings, over the host's border and between guests, with `post-return` once before control returns. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Instance, Linker, type LinkOptions } from '../../src/index.ts';
import { fn } from '../support/component.ts';
import { ENCODINGS, type Encoding, once } from '../support/party.ts';

const MODES = ['generated', 'interpreted'] as const;

const PEER = `(instance $peer
    (export "echo" (func (param "text" string) (result string)))
    (export "posts" (func (result u32))))`;

/**
 * Passes a text on to its peer and answers what that answers. `posts`: how often its `post-return` ran with the pointer that
 * `echo` had answered; `seen`: how often the peer's had, when the last `echo` of the peer had just returned.
 */
const relay = (encoding: Encoding, head = '(component'): string => `${head}
  (import "peer" ${PEER})
  (core module $Memory
    (memory (export "memory") 48)
    (global $top (mut i32) (i32.const 4096))
    (global $posts (mut i32) (i32.const 0))
    (global $answered (export "answered") (mut i32) (i32.const 0))
    (func (export "realloc") (param $old i32) (param $size i32) (param $align i32) (param $new i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and
        (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $top (i32.add (local.get $at) (local.get $new)))
      (memory.copy (local.get $at) (local.get $old)
        (select (local.get $size) (local.get $new) (i32.lt_u (local.get $size) (local.get $new))))
      (local.get $at))
    (func (export "post") (param i32)
      (if (i32.ne (local.get 0) (global.get $answered)) (then unreachable))
      (global.set $answered (i32.const 0))
      (global.set $top (i32.const 4096))
      (global.set $posts (i32.add (global.get $posts) (i32.const 1))))
    (func (export "posts") (result i32) (global.get $posts)))
  (core instance $memory (instantiate $Memory))
  (core func $echo (canon lower (func $peer "echo") string-encoding=${encoding}
    (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (core func $posts (canon lower (func $peer "posts")))
  (core module $M
    (import "peer" "echo" (func $echo (param i32 i32 i32)))
    (import "peer" "posts" (func $posts (result i32)))
    (import "memory" "answered" (global $answered (mut i32)))
    (global $seen (mut i32) (i32.const 0))
    (global $area (mut i32) (i32.const 16))
    (func (export "echo") (param i32 i32) (result i32)
      (call $echo (local.get 0) (local.get 1) (global.get $area))
      (global.set $seen (call $posts))
      (global.set $answered (global.get $area))
      (global.get $answered)
      (global.set $area (i32.xor (global.get $area) (i32.const 48))))
    (func (export "seen") (result i32) (global.get $seen)))
  (core instance $m (instantiate $M
    (with "peer" (instance (export "echo" (func $echo)) (export "posts" (func $posts))))
    (with "memory" (instance $memory))))
  (func (export "echo") (param "text" string) (result string)
    (canon lift (core func $m "echo") string-encoding=${encoding} (memory (core memory $memory "memory"))
      (realloc (core func $memory "realloc")) (post-return (core func $memory "post"))))
  (func (export "posts") (result u32) (canon lift (core func $memory "posts")))
  (func (export "seen") (result u32) (canon lift (core func $m "seen"))))`;

const nested = (upper: Encoding, lower: Encoding): string => `(component
(import "peer" ${PEER})
${relay(lower, '(component $Lower')}
${relay(upper, '(component $Upper')}
(instance $lower (instantiate $Lower (with "peer" (instance $peer))))
(instance $upper (instantiate $Upper (with "peer" (instance $lower))))
(export "lower" (instance $lower))
(export "upper" (instance $upper)))`;

type Exports = Record<string, unknown>;

interface Chain {
  readonly upper: Exports;
  readonly lower: Exports;
  /** What reached the host. */
  readonly got: string[];
  readonly store: Instance;
}

/** Host, `upper`, `lower`, host. */
async function chain(link: 'live' | 'nested', upper: Encoding, lower: Encoding, options: LinkOptions): Promise<Chain> {
  const got: string[] = [];
  const echo = (text: string): string => {
    got.push(text);
    return text;
  };
  const peer = { echo, posts: () => 0 };
  if (link === 'nested') {
    const guest = await (await once(nested(upper, lower))).instantiate({ peer }, options);
    const [above, below] = [guest.exports['upper'], guest.exports['lower']] as [Exports, Exports];
    return { upper: above, lower: below, got, store: guest };
  }
  const below = await (await once(relay(lower))).instantiate({ peer }, options);
  const pre = await new Linker().define('peer', below.exports).link(await once(relay(upper)), options);
  const above = pre.instantiate();
  return { upper: above.exports, lower: below.exports, got, store: above };
}

const LONG = 100_000;

/** Texts that are at the edge of something: a block of 16 bytes, a byte more a character, a change of mind late. */
const TEXTS: readonly string[] = [
  '',
  'a',
  'plain ASCII',
  ...[7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127].map((n) => 'x'.repeat(n)),
  'grüße, ÿ',
  '\u0080\u00ff',
  '€',
  '\u0100',
  '\u07ff\u0800\uffff',
  '\ud7ff\ue000',
  '😀',
  '\u{10000}\u{10ffff}',
  '\ufeffwith a mark of byte order',
  '\0',
  'a\0b\0',
  ...[15, 16, 17].flatMap((n) => ['é', '€', '😀'].map((c) => `${'x'.repeat(n)}${c}`)),
  ...[15, 16, 17].flatMap((n) => ['€', '😀'].map((c) => `${'é'.repeat(n)}${c}`)),
  '€é'.repeat(20),
  `😀${'x'.repeat(40)}`,
  'z'.repeat(LONG),
  'é'.repeat(LONG / 2),
  '€'.repeat(LONG / 3),
  '😀'.repeat(LONG / 4),
  `${'z'.repeat(LONG)}é`,
  `${'z'.repeat(LONG)}€`,
  `${'é'.repeat(LONG / 2)}😀`,
];

/** The first characters, for messages. */
const head = (text: string): string => JSON.stringify(text.slice(0, 20));

for (const mode of MODES) {
  describe(`texts, ${mode}`, () => {
    for (const upper of ENCODINGS) {
      for (const lower of ENCODINGS) {
        // A joined pair compiles once; the encodings of the inner edge are all that differs, so some pairs suffice there.
        const links = upper === lower ? (['live'] as const) : (['live', 'nested'] as const);
        for (const link of links) {
          test(`${upper} to ${lower} (${link})`, async () => {
            const it = await chain(link, upper, lower, { mode });
            for (const [i, text] of TEXTS.entries()) {
              const answer = fn(it.upper, 'echo')(text);
              assert.ok(answer === text, `${head(text)} came back as ${head(String(answer))}`);
              assert.ok(it.got[i] === text, `${head(text)} arrived as ${head(String(it.got[i]))}`);
              assert.equal(fn(it.upper, 'posts')(), i + 1, 'post-return once a call, before it returns to the host');
              assert.equal(fn(it.lower, 'posts')(), i + 1);
              assert.equal(fn(it.upper, 'seen')(), i + 1, 'the callee’s, before it returns to the caller');
            }
            if (mode === 'generated') assert.equal(it.store.stats.interpreted, 0);
          });
        }
      }
    }

    for (const encoding of ENCODINGS) {
      test(`lone surrogates of the host become U+FFFD, ${encoding}`, async () => {
        const it = await chain('live', encoding, encoding, { mode });
        for (const text of ['\ud800', '\udfff', 'a\ud800b', '\udc00\ud800', '😀\ud83d', `${'é'.repeat(40)}\ud800`]) {
          assert.equal(fn(it.upper, 'echo')(text), text.toWellFormed());
          assert.equal(it.got.pop(), text.toWellFormed());
        }
      });
    }
  });
}
