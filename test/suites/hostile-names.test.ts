/**
 * A hostile component cannot reach the host by a name. Core names may be anything, and are carried as data; component names that
 * are not in kebab case are refused with a typed error; those that are, but mean something to JavaScript, mean nothing here.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Component, LinkError, MalformedError, ValidationError } from '../../src/index.ts';
import { component, fn } from '../support/component.ts';
import { watchHost } from '../support/untouched.ts';

const MODES = ['generated', 'interpreted'] as const;

const untouched = watchHost();
after(untouched);

/** Each would run code, end a comment or a string, or meet a property that every object has. */
const NAMES: readonly string[] = [
  '"',
  "'",
  '`',
  '\\',
  '\\"',
  '";globalThis.reached=1;"',
  "';globalThis.reached=1;'",
  '`;globalThis.reached=1;`',
  '$' + '{globalThis.reached=1}',
  '*/globalThis.reached=1;/*',
  '//\nglobalThis.reached=1;//',
  '\r\nglobalThis.reached=1',
  '\u2028globalThis.reached=1',
  '\u2029globalThis.reached=1',
  '</script><script>globalThis.reached=1</script>',
  '\0',
  '\u202e',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'then',
  'default',
  'arguments',
  'call',
  'apply',
  '0',
  '',
  ' ',
  '__defineGetter__',
  'a.b',
  'a#b',
  '😀',
];

function escaped(name: string): string {
  return [...new TextEncoder().encode(name)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
}

/** One core module exports a function, a memory and a `realloc` under every name; another imports them all under every module name. */
const CORE_NAMES = `(component
  (core module $A
    (memory $m 1)
    (func $realloc (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    ${NAMES.map((name, i) => `(func (export "f ${escaped(name)}") (result i32) (i32.const ${i})) (func (export "${escaped(name)}") (result i32) (i32.const ${1_000 + i}))`).join('\n    ')}
    ${NAMES.map((name) => `(export "m ${escaped(name)}" (memory $m)) (export "r ${escaped(name)}" (func $realloc))`).join('\n    ')}
    (func (export "give") (result i32) (i32.const 64))
    (data (i32.const 64) "\\50\\00\\00\\00\\02\\00\\00\\00")
    (data (i32.const 80) "ok"))
  (core instance $a (instantiate $A))
  (core module $B
    ${NAMES.map((name, i) => `(import "${escaped(name)}" "${escaped(name)}" (func $f${i} (result i32)))`).join('\n    ')}
    (func (export "sum") (result i32) ${NAMES.map((_, i) => `(call $f${i})`).join(' ')} ${NAMES.slice(1)
      .map(() => 'i32.add')
      .join(' ')}))
  (core instance $b (instantiate $B ${NAMES.map((name) => `(with "${escaped(name)}" (instance $a))`).join(' ')}))
  (func (export "sum") (result u32) (canon lift (core func $b "sum")))
  ${NAMES.map((name, i) => `(func (export "f${i}") (result u32) (canon lift (core func $a "f ${escaped(name)}")))`).join('\n  ')}
  ${NAMES.map(
    (name, i) => `(func (export "g${i}") (result string)
    (canon lift (core func $a "give") (memory (core memory $a "m ${escaped(name)}")) (realloc (core func $a "r ${escaped(name)}"))))`,
  ).join('\n  ')})`;

describe('names of core modules may be anything', () => {
  for (const mode of MODES) {
    test(mode, async () => {
      const guest = await (await component(CORE_NAMES)).instantiate({}, { mode });
      for (const i of NAMES.keys()) {
        assert.equal(fn(guest.exports, `f${i}`)(), i);
        assert.equal(fn(guest.exports, `g${i}`)(), 'ok');
      }
      const { length } = NAMES;
      assert.equal(fn(guest.exports, 'sum')(), length * 1_000 + (length * (length - 1)) / 2);
      assert.equal('reached' in globalThis, false);
      untouched();
    });
  }
});

// ---- component names, as bytes: a text would be refused by its assembler

type Bytes = readonly number[];

function leb(value: number): Bytes {
  const out: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...out, rest];
    out.push((rest & 0x7f) | 0x80);
  }
}

function text(name: string): Bytes {
  const bytes = [...new TextEncoder().encode(name)];
  return [...leb(bytes.length), ...bytes];
}

function section(id: number, ...items: Bytes[]): Bytes {
  const body = [...leb(items.length), ...items.flat()];
  return [id, ...leb(body.length), ...body];
}

function bytes(...sections: Bytes[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, ...sections.flat()]);
}

const U32 = 0x79;
/** `(func)`, and types that carry a label. */
const FUNC: Bytes = [0x40, 0x00, 0x01, 0x00];

const PLACES: Readonly<Record<string, (name: string) => Uint8Array<ArrayBuffer>>> = {
  'an import': (name) => bytes(section(7, FUNC), section(10, [0x00, ...text(name), 0x01, 0x00])),
  'an export': (name) =>
    bytes(
      section(7, FUNC),
      section(10, [0x00, ...text('f'), 0x01, 0x00]),
      section(11, [0x00, ...text(name), 0x01, 0x00, 0x00]),
    ),
  'a parameter': (name) => bytes(section(7, [0x40, 0x01, ...text(name), U32, 0x01, 0x00])),
  'a field': (name) => bytes(section(7, [0x72, 0x01, ...text(name), U32])),
  'a case': (name) => bytes(section(7, [0x71, 0x01, ...text(name), 0x00, 0x00])),
  'a flag': (name) => bytes(section(7, [0x6e, 0x01, ...text(name)])),
  'an enum case': (name) => bytes(section(7, [0x6d, 0x01, ...text(name)])),
};

/** Names that no place takes: none is in kebab case. */
const REFUSED = NAMES.filter((name) => !/^[a-z]+$/.test(name));

describe('component names that are not in kebab case', () => {
  for (const [place, make] of Object.entries(PLACES)) {
    test(`${place} with a good name loads`, async () => {
      await Component.load(make('good-name'));
    });
    test(`${place} with a hostile one is refused`, async () => {
      for (const name of REFUSED) {
        await assert.rejects(
          Component.load(make(name)),
          (error: unknown) => {
            const typed = error instanceof ValidationError || error instanceof MalformedError;
            assert.ok(typed && typeof error.code === 'string', `${JSON.stringify(name)}: ${String(error)}`);
            return true;
          },
          JSON.stringify(name),
        );
      }
      untouched();
    });
  }
  test('a name that is not UTF-8', async () => {
    const good = PLACES['an import']!('good-name');
    good[good.indexOf(0x67)] = 0xff;
    await assert.rejects(Component.load(good), { code: 'invalid-utf8' });
  });
});

// ---- names in kebab case that JavaScript knows

const KNOWN: readonly string[] = [
  'constructor',
  'prototype',
  'to-string',
  'value-of',
  'has-own-property',
  'is-prototype-of',
  'to-locale-string',
  'property-is-enumerable',
  'then',
  'name',
  'length',
  'call',
  'apply',
  'bind',
  'caller',
  'arguments',
  'eval',
  'class',
  'await',
  'proto',
];

const camel = (name: string): string =>
  name === 'then' ? 'then_' : name.replace(/-(.)/g, (_, c: string) => c.toUpperCase());

/** Passes calls of every known name on to an import of the same name, in the world and in an interface. */
const FORWARD = `(component
  ${KNOWN.map((name) => `(import "${name}" (func $w-${name} (param "x" u32) (result u32)))`).join('\n  ')}
  (import "test:names/known" (instance $i
    ${KNOWN.map((name) => `(export "${name}" (func (param "x" u32) (result u32)))`).join('\n    ')}))
  ${KNOWN.map(
    (name) => `(core func $cw-${name} (canon lower (func $w-${name})))
  (core func $ci-${name} (canon lower (func $i "${name}")))
  (func $fw-${name} (param "x" u32) (result u32) (canon lift (core func $cw-${name})))
  (func $fi-${name} (param "x" u32) (result u32) (canon lift (core func $ci-${name})))
  (export "${name}" (func $fw-${name}))`,
  ).join('\n  ')}
  (instance $o ${KNOWN.map((name) => `(export "${name}" (func $fi-${name}))`).join(' ')})
  (export "test:names/known" (instance $o)))`;

describe('names that every object of JavaScript has', () => {
  for (const mode of MODES) {
    test(`are carried as any other, ${mode}`, async () => {
      const own = (offset: number) =>
        Object.fromEntries(KNOWN.map((name, i) => [camel(name), (x: number) => x + offset + i]));
      const guest = await (await component(FORWARD)).instantiate(
        { ...own(100), 'test:names/known': own(200) },
        { mode },
      );
      for (const [i, name] of KNOWN.entries()) {
        assert.equal(fn(guest.exports, camel(name))(1), 101 + i, name);
        assert.equal(fn(guest.exports, 'known', camel(name))(1), 201 + i, name);
        assert.equal(await fn(guest.promised, 'known', camel(name))(1), 201 + i, name);
      }
      untouched();
    });
  }

  test('are missing where the host does not give them: inherited ones do not count', async () => {
    const loaded = await component(FORWARD);
    class Derived {}
    for (const known of [{}, Object.create({}), new Derived(), Derived]) {
      await assert.rejects(loaded.instantiate({ 'test:names/known': known }), (error: unknown) => {
        assert.ok(error instanceof LinkError);
        const missing = new Set(error.mismatches.map(({ path }) => path));
        // A class has a name and a length of its own, and a prototype; none is a function.
        const wanted = KNOWN.flatMap((name) => [name, `test:names/known#${name}`]);
        assert.deepEqual([...missing].sort(), wanted.sort());
        return true;
      });
    }
    untouched();
  });

  test('methods of the host’s own classes count', async () => {
    class Base {
      readonly offset = 50;
      toString(): unknown {
        return 'own';
      }
    }
    for (const name of KNOWN) {
      Object.defineProperty(Base.prototype, camel(name), {
        value(this: Base, x: number) {
          return x + this.offset;
        },
      });
    }
    class Derived extends Base {}
    Object.defineProperty(Derived.prototype, 'constructor', { value: (x: number) => x + 50 });
    const world = Object.fromEntries(KNOWN.map((name) => [camel(name), () => 0]));
    const guest = await (await component(FORWARD)).instantiate({ ...world, 'test:names/known': new Derived() });
    for (const name of KNOWN) assert.equal(fn(guest.exports, 'known', camel(name))(1), 51, name);
  });
});

/** Names that are different, but one in camel case. */
const COLLIDE = `(component
  (core module $M
    (memory (export "m") 1)
    (func (export "one") (result i32) (i32.const 1))
    (func (export "two") (result i32) (i32.const 2))
    (func (export "sum") (param i32 i32) (result i32) (i32.add (i32.mul (local.get 0) (i32.const 10)) (local.get 1)))
    (func (export "pair") (result i32) (i32.const 64))
    (data (i32.const 64) "\\07\\00\\00\\00\\08\\00\\00\\00"))
  (core instance $m (instantiate $M))
  (type $r' (record (field "f1" u32) (field "f-1" u32)))
  (export $r "r" (type $r'))
  (func (export "x1") (result u32) (canon lift (core func $m "one")))
  (func (export "x-1") (result u32) (canon lift (core func $m "two")))
  (func (export "sum") (param "r" $r) (result u32) (canon lift (core func $m "sum")))
  (func (export "pair") (result $r) (canon lift (core func $m "pair") (memory (core memory $m "m")))))`;

describe('names that are one in camel case', () => {
  for (const mode of MODES) {
    test(`every one can be reached, ${mode}`, async () => {
      const guest = await (await component(COLLIDE)).instantiate({}, { mode });
      assert.equal(fn(guest.exports, 'x1')(), 1);
      assert.equal(fn(guest.exports, 'x-1')(), 2);
      assert.deepEqual(fn(guest.exports, 'pair')(), { f1: 7, f1_: 8 });
      assert.equal(fn(guest.exports, 'sum')({ f1: 3, f1_: 4 }), 34);
    });
  }
});
