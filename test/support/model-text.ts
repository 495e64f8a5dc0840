/**
 * The modelled components (`test/model/schedules/world.ts`) as text: the parent, which is the root, with its children inside. Every component has the
 * same built-ins and exports the same functions; the parent's are lifted from functions that find the core module through a table, since its
 * children need them before it can have them as imports.
 */
import { hasPostReturn } from '../model/schedules/run.ts';
import {
  COPY_OPS,
  canCall,
  ELEMENTS,
  ENDS,
  type Family,
  FUNCS,
  type Func,
  HOST_SIGNATURES,
  hasBuiltIn,
  isPrompt,
  neighbours,
  paramsOf,
  SIGNATURES,
  type SignatureName,
} from '../model/schedules/world.ts';
import type { ValType } from '../model/types.ts';
import {
  allocatorImports,
  allocatorModule,
  type CoreImports,
  guestModule,
  liftedType,
  loweredType,
  memoryModule,
  NEXT_TYPE,
  OPERANDS,
} from './model-guest.ts';

const MEMORY = '(memory (core memory $memory "mem"))';
const REALLOC = '(realloc (core func $allocator "realloc"))';
const I32 = '(param i32)';

// ---- types

/** Definitions of all types of functions and built-ins, by names; `thing` and `ends` are there already. */
function typeDefinitions(): string {
  const lines = ['(type $own-thing (own $thing))', '(type $borrow-thing (borrow $thing))'];
  for (const what of ['stream', 'future'] as const) {
    for (const [name, element] of Object.entries(ELEMENTS[what])) {
      lines.push(`(type $${what}-${name} (${what}${element === undefined ? '' : ` ${typeText(element)}`}))`);
    }
  }
  return lines.join('\n    ');
}

const ENDS_CASES = ENDS.map(([label, what, element]) => `(case "${label}" $${what}-${element})`).join(' ');
const ENDS_DEFINITION = `(variant (case "none") ${ENDS_CASES})`;

function typeText(type: ValType): string {
  switch (type.kind) {
    case 'own':
      return '$own-thing';
    case 'borrow':
      return '$borrow-thing';
    case 'list':
      return `(list ${typeText(type.of)})`;
    case 'tuple':
      return `(tuple ${type.of.map(typeText).join(' ')})`;
    case 'variant': {
      const some = type.cases.length === 2 ? type.cases[1]?.type : undefined;
      return some === undefined ? '$ends' : `(option ${typeText(some)})`;
    }
    case 'stream':
    case 'future': {
      const name = Object.keys(ELEMENTS[type.kind]).find((each) => ELEMENTS[type.kind][each]?.kind === type.of?.kind);
      return `$${type.kind}-${name}`;
    }
    default:
      return type.kind;
  }
}

function functionTypes(): string {
  const lines: string[] = [];
  for (const async of [true, false]) {
    for (const [name, { result }] of Object.entries(SIGNATURES)) {
      const params = paramsOf(name as SignatureName).map((type, i) => `(param "p${i}" ${typeText(type)})`);
      const results = result === undefined ? '' : `(result ${typeText(result)})`;
      lines.push(
        `(type ${functionType(name as SignatureName, async)} (func${async ? ' async' : ''} ${params.join(' ')} ${results}))`,
      );
    }
  }
  return lines.join('\n    ');
}

function functionType(signature: SignatureName, async: boolean): string {
  return `$${async ? 'async' : 'sync'}-${signature}`;
}

function typeOf({ flavour, signature }: Func): string {
  return functionType(signature, flavour !== 'sync');
}

// ---- built-ins

/** Every built-in of a component: name in the core module, its core type, its definition. */
type Builtin = readonly [name: string, type: string, canon: string];

function builtins(isParent: boolean): Builtin[] {
  const results = Object.entries(SIGNATURES).map(([name, { result }]): Builtin => {
    const flat = loweredParams(name as SignatureName);
    return [
      `task.return.${name}`,
      flat,
      `task.return${result === undefined ? '' : ` (result ${typeText(result)})`} ${MEMORY}`,
    ];
  });
  const resources = [
    ...(isParent ? ['new', 'drop', 'rep'] : ['drop']).map((verb) => [verb, 'thing'] as const),
    ...['new', 'drop', 'rep'].map((verb) => [verb, 'local'] as const),
  ];
  return [
    ...results,
    ['task.return.u32-utf16', I32, `task.return (result u32) string-encoding=utf16 ${MEMORY}`],
    ['task.cancel', '', 'task.cancel'],
    ['backpressure.inc', '', 'backpressure.inc'],
    ['backpressure.dec', '', 'backpressure.dec'],
    ['set.new', '(result i32)', 'waitable-set.new'],
    ...['wait', 'poll'].flatMap((verb): Builtin[] => [
      [`set.${verb}`, '(param i32 i32) (result i32)', `waitable-set.${verb} ${MEMORY}`],
      [`set.${verb}-cancellable`, '(param i32 i32) (result i32)', `waitable-set.${verb} cancellable ${MEMORY}`],
    ]),
    ['set.drop', I32, 'waitable-set.drop'],
    ['join', '(param i32 i32)', 'waitable.join'],
    ['subtask.cancel', '(param i32) (result i32)', 'subtask.cancel'],
    ['subtask.cancel-async', '(param i32) (result i32)', 'subtask.cancel async'],
    ['subtask.drop', I32, 'subtask.drop'],
    ...[0, 1].flatMap((slot): Builtin[] => [
      [`context.get.${slot}`, '(result i32)', `context.get i32 ${slot}`],
      [`context.set.${slot}`, I32, `context.set i32 ${slot}`],
    ]),
    ...threads(),
    ...resources.map(
      ([verb, name]): Builtin => [
        `${name}.${verb}`,
        verb === 'drop' ? I32 : '(param i32) (result i32)',
        `resource.${verb} $${name}`,
      ],
    ),
    ['error.new', '(param i32 i32) (result i32)', `error-context.new ${MEMORY}`],
    ['error.message', '(param i32 i32)', `error-context.debug-message ${MEMORY} ${REALLOC}`],
    ['error.drop', I32, 'error-context.drop'],
    ...copies(),
  ];
}

/** Core parameters of a `task.return`: the result, flat. */
function loweredParams(signature: SignatureName): string {
  const flat: Readonly<Record<SignatureName, string>> = {
    plain: '',
    u32: I32,
    borrow: I32,
    values: '(param i32 i32 i64)',
    own: '(param i32 i32)',
    stream: '(param i32 i32)',
    future: '(param i32 i32)',
    ends: '(param i32 i32)',
  };
  return flat[signature];
}

function threads(): Builtin[] {
  const switches = ['suspend', 'yield'].flatMap((verb): Builtin[] => [
    [`thread.${verb}`, '(result i32)', `thread.${verb}`],
    [`thread.${verb}-cancellable`, '(result i32)', `thread.${verb} cancellable`],
    ...['resume', 'promote'].flatMap((then): Builtin[] => [
      [`thread.${verb}-then-${then}`, '(param i32) (result i32)', `thread.${verb}-then-${then}`],
      [
        `thread.${verb}-then-${then}-cancellable`,
        '(param i32) (result i32)',
        `thread.${verb}-then-${then} cancellable`,
      ],
    ]),
  ]);
  return [
    ['thread.index', '(result i32)', 'thread.index'],
    ['thread.new', '(param i32 i32) (result i32)', 'thread.new-indirect $start (core table $memory "threads")'],
    ['thread.resume-later', I32, 'thread.resume-later'],
    ...switches,
  ];
}

function copies(): Builtin[] {
  return (['stream', 'future'] as const).flatMap((what) =>
    Object.keys(ELEMENTS[what]).flatMap((element) =>
      COPY_OPS.map((op): Builtin => {
        const verb = op.replace('-async', '');
        const async = op.endsWith('-async') ? ' async' : '';
        const copy = verb === 'read' || verb === 'write';
        const [params, options] = copy
          ? [
              what === 'stream' ? '(param i32 i32 i32) (result i32)' : '(param i32 i32) (result i32)',
              ` ${MEMORY} ${REALLOC}`,
            ]
          : [verb === 'new' ? '(result i64)' : verb.startsWith('cancel') ? '(param i32) (result i32)' : I32, ''];
        return [`${what}.${op}.${element}`, params, `${what}.${verb} $${what}-${element}${async}${options}`];
      }),
    ),
  );
}

function define([name, , canon]: Builtin): string {
  return `(core func $${name} (canon ${canon}))`;
}

// ---- functions

/** A function that an instance can call: of the component level, and lowered. */
interface Callable {
  readonly name: string;
  readonly func: string;
  readonly type: string;
  readonly canon: string;
}

/** Names for what an instance can call, in the order of their numbers: twice each neighbour's functions, then the host's. */
function callables(family: Family, instance: number): (Callable | undefined)[] {
  const all = neighbours(family, instance).flatMap((peer) =>
    FUNCS.flatMap((func) => [false, true].map((async) => lowered(family, instance, peer, func, async))),
  );
  if (isPrompt(family, instance)) return all;
  const host = [false, true].map((async) => lowerAs('host-wait', '$wait', 'u32', async));
  return [...all, ...host];
}

function lowered(family: Family, instance: number, peer: number, func: Func, async: boolean): Callable | undefined {
  if (!canCall(family, instance, func, async)) return undefined;
  return lowerAs(`p${peer}-${func.name}`, functionIn(instance, peer, func), func.signature, async);
}

function lowerAs(name: string, func: string, signature: SignatureName, async: boolean): Callable {
  return {
    name: `${name}${async ? '-async' : ''}`,
    func,
    type: loweredType(signature, async),
    canon: `lower (func ${func}) ${MEMORY} ${REALLOC}${async ? ' async' : ''}`,
  };
}

/** A neighbour's function as an instance knows it: the parent has its own, and aliases of its children's; children import all. */
function functionIn(instance: number, peer: number, { name }: Func): string {
  if (instance === 0) return peer === 0 ? `$own-${name}` : `$c${peer} "${name}"`;
  return `$p${peer}-${name}`;
}

/** The number of a callable in the table of a guest: that of the host's function for no neighbour. */
export function callNumber(
  family: Family,
  instance: number,
  peer: number | undefined,
  func: number,
  async: boolean,
): number {
  const all = neighbours(family, instance);
  const at = peer === undefined ? all.length : all.indexOf(peer);
  return (at * FUNCS.length + (peer === undefined ? 0 : func)) * 2 + Number(async);
}

function lift(func: Func, core: string): string {
  const async = func.flavour === 'callback' || func.flavour === 'stackful';
  const callback = func.flavour === 'callback' ? ` (callback (core func ${core} "callback"))` : '';
  const after = hasPostReturn(func) ? ' (post-return (core func $allocator "post-return"))' : '';
  const options = `${MEMORY} ${REALLOC}${async ? ' async' : ''}${callback}${after}`;
  return `(func $own-${func.name} (type ${typeOf(func)}) (canon lift (core func ${core} "${func.name}") ${options}))`;
}

// ---- components

const NEXT = `(func ${['instance', 'label', 'report', 'a', 'b', 'c', 'd', 'e', 'f'].map((name) => `(param "${name}" u32)`).join(' ')} (result (tuple ${'u32 '.repeat(OPERANDS + 1).trim()})))`;
const SHOW = '(func (param "label" u32) (param "bytes" (list u8)))';
const HOST_WAIT = '(func async (param "label" u32) (result u32))';
const HOST_IMPORTS = [
  ['next', NEXT],
  ['show', SHOW],
  ['wait', HOST_WAIT],
] as const;

function instanceOf(names: Iterable<readonly [name: string, item: string]>): string {
  return `(instance ${[...names].map(([name, item]) => `(export "${name}" (${item}))`).join(' ')})`;
}

/** What all components have in common before they can call each other: memory, allocator, built-ins. */
function foundation(family: Family, instance: number): { text: string; all: Builtin[] } {
  const has = (name: string): boolean => hasBuiltIn(family, instance, name);
  const all = builtins(instance === 0).filter(([name]) => has(name));
  const imports = allocatorImports(has);
  const early = all.filter(([name]) => imports.has(name));
  const late = all.filter(([name]) => !imports.has(name));
  const given = [...imports.keys()].map((name) => [name, `func $${name}`] as const);
  const text = `
    (core type $start (func (param i32)))
    ${early.map(define).join('\n    ')}
    (core func $next (canon lower (func $host-next) ${MEMORY}))
    (core func $show (canon lower (func $host-show) ${MEMORY}))
    ${allocatorModule(imports)}
    (core instance $allocator (instantiate $Allocator (with "" ${instanceOf(given)})))
    ${late.map(define).join('\n    ')}`;
  return { text, all };
}

/** The core module with what it imports; `extra` are more imports for it. */
function mainModule(family: Family, instance: number, all: readonly Builtin[]): string {
  const callees = callables(family, instance);
  const known = callees.filter((each) => each !== undefined);
  const imports: CoreImports = new Map([
    ...all.map(([name, type]) => [name, type] as const),
    ['next', NEXT_TYPE],
    ['show', '(param i32 i32 i32)'],
    ...known.map(({ name, type }) => [name, type] as const),
  ]);
  const given: (readonly [string, string])[] = [
    ['mem', 'memory $memory "mem"'],
    ['threads', 'table $memory "threads"'],
    ['realloc.mode', 'global $allocator "realloc.mode"'],
    ['post-return.mode', 'global $allocator "post-return.mode"'],
    ...[...imports.keys()].map((name) => [name, `func $${name}`] as const),
  ];
  return `${known.map(({ name, canon }) => `(core func $${name} (canon ${canon}))`).join('\n    ')}
    ${guestModule(
      instance,
      imports,
      callees.map((each) => each?.name),
    )}
    (core instance $main (instantiate $Main (with "" ${instanceOf(given)})))`;
}

function child(family: Family, instance: number): string {
  const peers = neighbours(family, instance);
  const { text, all } = foundation(family, instance);
  return `(component $C${instance}
    ${HOST_IMPORTS.map(([name, type]) => `(import "${name}" ${type.replace('(func', `(func ${name === 'wait' ? '$wait' : `$host-${name}`}`)})`).join('\n    ')}
    (import "thing" (type $thing (sub resource)))
    ${typeDefinitions()}
    (import "ends" (type $ends (eq $ends-definition)))
    ${functionTypes()}
    ${peers.flatMap((peer) => FUNCS.map((func) => `(import "p${peer}-${func.name}" (func $p${peer}-${func.name} (type ${typeOf(func)})))`)).join('\n    ')}
    (type $local (resource (rep i32)))
    ${memoryModule()}
    (core instance $memory (instantiate $Memory))
    ${text}
    ${mainModule(family, instance, all)}
    ${FUNCS.map((func) => lift(func, '$main')).join('\n    ')}
    ${FUNCS.map(({ name }) => `(export "${name}" (func $own-${name}))`).join('\n    ')})`.replace(
    '(import "ends"',
    `(type $ends-definition ${ENDS_DEFINITION})\n    (import "ends"`,
  );
}

function childInstance(family: Family, instance: number): string {
  const functions = neighbours(family, instance).flatMap((peer) =>
    FUNCS.map((func) => `(with "p${peer}-${func.name}" (func ${functionIn(0, peer, func)}))`),
  );
  return `(instance $c${instance} (instantiate $C${instance}
    (with "next" (func $host-next)) (with "show" (func $host-show)) (with "wait" (func $wait))
    (with "thing" (type $thing)) (with "ends" (type $ends))
    ${functions.join('\n    ')}))`;
}

/** Functions that call what the parent's core module will be. */
function lateModule(): string {
  const all = [
    ...FUNCS.map((func) => [func.name, liftedType(func)] as const),
    ['callback', '(param i32 i32 i32) (result i32)'] as const,
    ['dtor', I32] as const,
  ];
  const functions = all.map(([name, type], i) => {
    const count = /\(param ([^)]*)\)/.exec(type)?.[1]?.split(' ').length ?? 0;
    const args = Array.from({ length: count }, (_, j) => `(local.get ${j})`).join(' ');
    return `(func (export "${name}") ${type} (call_indirect $late ${type} ${args} (i32.const ${i})))`;
  });
  const imports = all.map(([name, type], i) => `(import "" "${name}" (func $f${i} ${type}))`);
  const elements = all.map((_, i) => `$f${i}`).join(' ');
  return `(core module $Late (table $late (export "late") ${all.length} funcref) ${functions.join('\n      ')})
    (core instance $late (instantiate $Late))
    (core module $Fill (import "" "late" (table $late ${all.length} funcref)) ${imports.join('\n      ')}
      (elem (table $late) (i32.const 0) func ${elements}))`;
}

/** The whole family: a root component that exports what the host calls, as `i0-sync-u32` and so on. */
export function familyText(family: Family): string {
  const { text, all } = foundation(family, 0);
  const children = Array.from({ length: family.instances - 1 }, (_, i) => i + 1);
  const filling = [...FUNCS.map(({ name }) => name), 'callback', 'dtor'].map(
    (name) => [name, `func $main "${name}"`] as const,
  );
  const called = FUNCS.filter((func) => HOST_SIGNATURES.includes(func.signature));
  const exports = [0, ...children].flatMap((instance) =>
    called.map((func) => `(export "i${instance}-${func.name}" (func ${functionIn(0, instance, func)}))`),
  );
  return `(component
    (import "host" (instance $host ${HOST_IMPORTS.map(([name, type]) => `(export "${name}" ${type})`).join(' ')}))
    (alias export $host "next" (func $host-next))
    (alias export $host "show" (func $host-show))
    (alias export $host "wait" (func $wait))
    ${lateModule()}
    (type $thing (resource (rep i32) (dtor (core func $late "dtor"))))
    ${typeDefinitions()}
    (type $ends ${ENDS_DEFINITION})
    ${functionTypes()}
    (type $local (resource (rep i32)))
    ${memoryModule()}
    (core instance $memory (instantiate $Memory))
    ${text}
    ${FUNCS.map((func) => lift(func, '$late')).join('\n    ')}
    ${children.map((instance) => `${child(family, instance)}\n    ${childInstance(family, instance)}`).join('\n    ')}
    ${mainModule(family, 0, all)}
    (core instance (instantiate $Fill (with "" ${instanceOf([['late', 'table $late "late"'], ...filling])})))
    ${exports.join('\n    ')})`;
}
