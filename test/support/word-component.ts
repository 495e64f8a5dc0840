/**
 * A component whose names all mean something to TypeScript or to the declarations: functions, parameters, types, fields, cases, labels,
 * resources with their members, interfaces, packages. Everything that it exports passes values on to what it imports.
 */
const KEYWORDS =
  'break case catch class const continue debugger default delete do else enum export extends false finally for function if import in ' +
  'instanceof new null return super switch this throw true try typeof var void while with implements interface let package private ' +
  'protected public static yield async await abstract any as asserts bigint boolean constructor declare from get global infer ' +
  'intrinsic is keyof module namespace never number object of out override readonly require satisfies set string symbol type ' +
  'undefined unique unknown using accessor arguments eval self options value';

/** Members of every object, function or class. */
const MEMBERS =
  'prototype then name length caller call apply bind to-string value-of has-own-property proto dispose to-json catch is-prototype-of';

/** Types of the language and of the web, and the names that declarations have themselves. */
const TYPES =
  'promise map array readable-stream uint8-array big-int64-array world imports exports promised import-names maybe-promise ' +
  'call-options chunks stream-source error-context disposable error readonly-map iterable async-iterable abort-signal exclude ' +
  'array-buffer export-errors import-errors web-assembly record partial tenon names host';

/** Names that are others with what declarations put behind them. */
const BEHIND = 'thing thing-input thing-class thing-input-input HTTP-get x1 x-1';

export const WORDS: readonly string[] = [...new Set(`${KEYWORDS} ${MEMBERS} ${TYPES} ${BEHIND}`.split(' '))].filter(
  // Names that differ in nothing but their case are one to the specification.
  (word, i, all) => all.findIndex((other) => other.toLowerCase() === word.toLowerCase()) === i,
);

/** Words that can name classes: no two of them are one in Pascal case. */
export const CLASS_WORDS: readonly string[] = WORDS.filter((word) => word !== 'x-1');

/** An interface and a package of that name; they take no upper case. */
export const packageOf = (word: string): string => `test:${word.toLowerCase()}/${word.toLowerCase()}@1.0.0`;
export const interfaceOf = (word: string): string => `names:a/${word.toLowerCase()}`;

/** The words that the type of each word is made of, three of them in a row. */
export function wordsOf(i: number): readonly string[] {
  return [0, 1, 2].map((more) => WORDS[(i + more) % WORDS.length]!);
}

export const KINDS = ['record', 'variant', 'enum', 'flags'] as const;

/** A type for each word, which is its name; its fields, cases and labels are words, too. */
function typeOf(i: number): string {
  const labels = wordsOf(i);
  const quoted = labels.map((word) => `"${word}"`);
  const kind = KINDS[i % KINDS.length]!;
  if (kind === 'record') return `(record (field ${quoted[0]} u32))`;
  return kind === 'variant'
    ? `(variant ${quoted.map((word) => `(case ${word})`).join(' ')})`
    : `(${kind} ${quoted.join(' ')})`;
}

function typesInterface(): string {
  const types = WORDS.map(
    (word, i) =>
      `(type $t${i}-0 ${typeOf(i)}) (export "${word}" (type $t${i} (eq $t${i}-0)))
    (export "take-${word}" (func (param "${word}" $t${i}) (param "x" $t${i}) (result $t${i})))`,
  );
  return `(import "test:names/types" (instance $types ${types.join('\n    ')}))`;
}

/** Functions named by every word, in the world, in one interface, and in an interface and a package of that name. */
function imports(): string {
  const func = '(param "x" u32) (result u32)';
  return [
    typesInterface(),
    `(import "test:names/functions" (instance $functions ${WORDS.map(
      (word) => `(export "${word}" (func (param "${word}" u32) (result u32)))`,
    ).join('\n    ')}))`,
    ...WORDS.map((word, i) => `(import "${word}" (func $w${i} ${func}))`),
    ...WORDS.map((word, i) => `(import "${packageOf(word)}" (instance $i${i} (export "f" (func ${func}))))`),
    ...WORDS.map((word, i) => `(import "${interfaceOf(word)}" (instance $j${i} (export "f" (func ${func}))))`),
    `(import "test:names/resources" (instance $resources ${CLASS_WORDS.map(
      (word, i) => `(export "${word}" (type $r${i} (sub resource)))
      (export "[constructor]${word}" (func (param "${word}" u32) (result (own $r${i}))))`,
    ).join('\n    ')}))`,
  ].join('\n  ');
}

/** Lowers a function of an instance and lifts it again. */
function pass(name: string, from: string, type: string): string {
  return `(core func $c-${name} (canon lower (func ${from}))) (func $p-${name} ${type} (canon lift (core func $c-${name})))`;
}

function exported(): string {
  const func = '(param "x" u32) (result u32)';
  const lines: string[] = [];
  for (const [i, word] of WORDS.entries()) {
    lines.push(
      `(alias export $types "${word}" (type $t${i}))`,
      pass(`t${i}`, `$types "take-${word}"`, `(param "${word}" $t${i}) (param "x" $t${i}) (result $t${i})`),
      pass(`f${i}`, `$functions "${word}"`, `(param "${word}" u32) (result u32)`),
      pass(`w${i}`, `$w${i}`, func),
      pass(`i${i}`, `$i${i} "f"`, func),
      `(export "${word}" (func $p-w${i}))`,
      `(instance $e${i} (export "f" (func $p-i${i}))) (export "${packageOf(word)}" (instance $e${i}))`,
    );
  }
  for (const [i, word] of CLASS_WORDS.entries()) {
    lines.push(
      `(alias export $resources "${word}" (type $r${i}))`,
      pass(`r${i}`, `$resources "[constructor]${word}"`, `(param "${word}" u32) (result (own $r${i}))`),
      `(export "make-${word}" (func $p-r${i}))`,
    );
  }
  const give = (letter: string, prefix = ''): string =>
    WORDS.map((word, i) => `(export "${prefix}${word}" (func $p-${letter}${i}))`).join(' ');
  return `${lines.join('\n  ')}
  (instance $pf ${give('f')}) (export "test:names/functions" (instance $pf))
  (instance $pt ${WORDS.map((word, i) => `(export "${word}" (type $t${i}))`).join(' ')} ${give('t', 'take-')})
  (export "test:names/types" (instance $pt))`;
}

/** Classes of the component's own, and two whose methods and statics are words. */
function classes(): string {
  const defined = CLASS_WORDS.map(
    (word, i) => `
    (type $r${i}' (resource (rep i32)))
    (core func $n${i} (canon resource.new $r${i}'))
    (export $r${i} "${word}" (type $r${i}'))
    (func (export "[constructor]${word}") (param "${word}" u32) (result (own $r${i})) (canon lift (core func $n${i})))
    (func (export "[method]${word}.${word}-m") (param "self" (borrow $r${i})) (result u32) (canon lift (core func $m "id")))
    (func (export "[static]${word}.${word}2") (param "${word}" u32) (result u32) (canon lift (core func $m "id")))`,
  );
  const members = WORDS.map(
    (word) => `
    (func (export "[method]all.${word}") (param "self" (borrow $all)) (param "${word === 'self' ? 'x' : word}" u32) (result u32)
      (canon lift (core func $m "second")))
    (func (export "[static]all.${word}-s") (param "${word}" u32) (result u32) (canon lift (core func $m "id")))`,
  );
  const statics = WORDS.map(
    (word) => `
    (func (export "[static]statics.${word}") (param "${word}" u32) (result u32) (canon lift (core func $m "id")))`,
  );
  return `
  (component $Classes
    (core module $M
      (func (export "id") (param i32) (result i32) (local.get 0))
      (func (export "second") (param i32 i32) (result i32) (local.get 1)))
    (core instance $m (instantiate $M))${defined.join('')}
    (type $all' (resource (rep i32)))
    (core func $n-all (canon resource.new $all'))
    (export $all "all" (type $all'))
    (func (export "[constructor]all") (param "x" u32) (result (own $all)) (canon lift (core func $n-all)))${members.join('')}
    (type $statics' (resource (rep i32)))
    (export $statics "statics" (type $statics'))${statics.join('')})
  (instance $classes (instantiate $Classes))
  (export "test:names/classes" (instance $classes))`;
}

export const WORD_COMPONENT = `(component\n  ${imports()}\n  ${exported()}\n  ${classes()})`;
