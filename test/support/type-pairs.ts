/** Components in which one type of a list stands where another is expected, or where it must have a name: subtyping and visibility. */
import { parseText } from '../../src/text/parse.ts';
import { type Next, pick } from './random-definitions.ts';

/** Value types; those with names must be named before imports and exports may mention them. */
const VALUES: readonly string[] = [
  ...['u8', 's8', 'string', 'char', 'error-context', '(list u8)', '(list u8 2)', '(list u8 3)', '(list (list u8))'],
  ...['(record (field "a" u8))', '(record (field "a" u16))', '(record (field "b" u8))', '(tuple u8)', '(tuple u8 u8)'],
  ...['(enum "a")', '(enum "b")', '(enum "a" "b")', '(flags "a")', '(flags "a" "b")', '(option u8)', '(option u16)'],
  ...['(variant (case "a"))', '(variant (case "a" u8))', '(variant (case "a" u16))', '(variant (case "b"))'],
  ...['(result)', '(result u8)', '(result u8 (error u8))', '(result (error u8))', '(map u8 u8)', '(map u8 u16)'],
  ...['(map u16 u8)', '(stream)', '(stream u8)', '(stream u16)', '(future)', '(future u8)', '(future u16)'],
];

const FUNCS: readonly string[] = [
  ...['(func)', '(func async)', '(func (param "a" u8))', '(func (param "b" u8))', '(func (param "a" u16))'],
  ...[
    '(func (param "a" u8) (param "b" u8))',
    '(func (result u8))',
    '(func (result u16))',
    '(func (param "a" (list u8)))',
  ],
];

/** What instance and component types may hold, as `export`s and, in component types, also as `import`s. */
const DECLARATIONS: readonly string[] = [
  ...['"a" (func)', '"a" (func async)', '"b" (func (param "x" u8))', '"r" (type (sub resource))'],
  ...[
    '"s" (type (sub resource))',
    '"t" (type (eq $r))',
    '"r" (type $r (sub resource))',
    '"f" (func (param "x" (own $r)))',
  ],
  ...['"f" (func (param "x" (own $s)))', '"f" (func (result (list (own $r))))', '"s" (type $s (sub resource))'],
  ...['"i" (instance)', '"i" (instance (export "a" (func)))', '"i" (instance (export "q" (type (sub resource))))'],
  ...['"c" (component)', '"c" (component (import "a" (func)))', '"c" (component (export "a" (func)))'],
  ...['"m" (core module)', '"m" (core module (export "f" (func)))', '"m" (core module (import "a" "f" (func)))'],
  ...['"m" (core module (export "f" (func)) (export "m" (memory 1)))', '"v" (type (eq u8))', '"[method]r.m" (func)'],
  ...['"[method]r.m" (func (param "self" (borrow $r)))', '"[static]r.n" (func)'],
];

function several(next: Next, make: () => string): string {
  return Array.from({ length: Math.floor(next() * 5) }, make).join(' ');
}

function anInstance(next: Next): string {
  return `(instance ${several(next, () => `(export ${pick(next, DECLARATIONS)})`)})`;
}

function aComponent(next: Next): string {
  return `(component ${several(next, () => `(${pick(next, ['import', 'export'])} ${pick(next, DECLARATIONS)})`)})`;
}

type Kind = 'type' | 'func' | 'instance' | 'component';

function aTypeOf(kind: Kind, next: Next): string {
  switch (kind) {
    case 'type':
      return pick(next, [...VALUES, ...FUNCS]);
    case 'func':
      return pick(next, FUNCS);
    case 'instance':
      return anInstance(next);
    case 'component':
      return aComponent(next);
  }
}

/** A type like another: a declaration more, less or exchanged. */
function near(type: string, kind: Kind, next: Next): string {
  if (next() < 0.25) return type;
  if (next() < 0.3 || kind === 'type' || kind === 'func') return aTypeOf(kind, next);
  const extra = `(${kind === 'component' ? pick(next, ['import', 'export']) : 'export'} ${pick(next, DECLARATIONS)})`;
  if (next() < 0.5) return `${type.slice(0, -1)} ${extra})`;
  const parts = type.split(/ (?=\((?:import|export))/);
  parts.splice(1 + Math.floor(next() * (parts.length - 1)), 1);
  return parts.length > 1
    ? parts.join(' ') + (type.endsWith('))') && !parts.at(-1)!.endsWith('))') ? ')' : '')
    : `(${kind})`;
}

const PLACES: readonly ((kind: Kind, a: string, b: string) => string)[] = [
  // a type argument
  (_, a, b) =>
    `(type $a ${a}) (component $C (type $b ${b}) (import "x" (type (eq $b)))) (instance (instantiate $C (with "x" (type $a))))`,
  // an argument
  (
    kind,
    a,
    b,
  ) => `(type $a ${a}) (import "i" (${kind} $i (type $a))) (component $C (type $b ${b}) (import "x" (${kind} (type $b))))
    (instance (instantiate $C (with "x" (${kind} $i))))`,
  // an ascription
  (kind, a, b) =>
    `(type $a ${a}) (type $b ${b}) (import "i" (${kind} $i (type $a))) (export "x" (${kind} $i) (${kind} (type $b)))`,
  // an import of a component that is an argument
  (
    kind,
    a,
    b,
  ) => `(type $a ${a}) (type $A (component (alias outer 1 $a (type $q)) (import "y" (${kind} (type $q))))) (import "i" (component $i (type $A)))
    (component $C (type $b ${b}) (type $B (component (alias outer 1 $b (type $q)) (import "y" (${kind} (type $q))))) (import "x" (component (type $B))))
    (instance (instantiate $C (with "x" (component $i))))`,
  // an export of an instance that is an argument
  (
    kind,
    a,
    b,
  ) => `(type $a ${a}) (type $A (instance (alias outer 1 $a (type $q)) (export "y" (${kind} (type $q))))) (import "i" (instance $i (type $A)))
    (component $C (type $b ${b}) (type $B (instance (alias outer 1 $b (type $q)) (export "y" (${kind} (type $q))))) (import "x" (instance (type $B))))
    (instance (instantiate $C (with "x" (instance $i))))`,
];

/** Orders of naming a type and using it. */
const NAMING: readonly ((a: string) => string)[] = [
  (a) => `(type $a ${a}) (export $g "f" (type $a)) (import "g" (type (eq $a)))`,
  (a) => `(type $a ${a}) (export $g "f" (type $a)) (import "g" (type (eq $g)))`,
  (a) => `(type $a ${a}) (import "g" (type (eq $a))) (export "f" (type $a))`,
  (a) => `(type (component (type $a ${a}) (export "f" (type $g (eq $a))) (import "g" (type (eq $a)))))`,
  (a) => `(type (component (type $a ${a}) (export "f" (type $g (eq $a))) (import "g" (type (eq $g)))))`,
  (a) =>
    `(type $a ${a}) (import "g" (type $g (eq $a))) (type $l (list $g)) (import "h" (func (param "x" $l))) (export "i" (type $l))`,
  (a) => `(type $a ${a}) (export $g "g" (type $a)) (type $l (option $g)) (import "h" (type (eq $l)))`,
  (a) =>
    `(type $a ${a}) (type $l (tuple $a)) (export "i" (type $l)) (instance (export "x" (type $l)) (export "y" (type $a)))`,
];

/** A component of one of these shapes; one whose text cannot be assembled, since it mentions what is not there, is made anew. */
export function typePair(next: Next): Uint8Array<ArrayBuffer> {
  for (;;) {
    const kind = pick<Kind>(next, ['type', 'func', 'instance', 'component']);
    const a = aTypeOf(kind, next);
    const place = kind === 'type' ? PLACES[0]! : pick(next, PLACES);
    const fields = next() < 0.1 ? pick(next, NAMING)(a) : place(kind, a, near(a, kind, next));
    try {
      return parseText(`(component ${fields})`).bytes;
    } catch {}
  }
}
