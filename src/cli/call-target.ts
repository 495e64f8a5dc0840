/** Finds the function that a call such as `ns:pkg/iface@1.2.3.func(args)` names among a component's exports. */
import { type Component, UsageError } from '../node.ts';
import { describeFunc } from '../types/describe.ts';
import { compatKey, splitVersion } from '../types/semver.ts';
import type { FuncType } from '../types/value-type.ts';
import { MisuseError, nearest } from './args.ts';

/** A function to call: its interface's full name, or undefined for a function of the world. */
export interface Target {
  readonly interface: string | undefined;
  readonly name: string;
  readonly type: FuncType;
}

function showTarget(target: Target): string {
  return target.interface === undefined ? target.name : `${target.interface}.${target.name}`;
}

/** Every exported function, members of resources included. */
export function exportedFunctions(component: Component): readonly Target[] {
  return component.exports.flatMap(({ name, type }): Target[] => {
    if (type.kind === 'func') return [{ interface: undefined, name, type }];
    if (type.kind !== 'instance') return [];
    return [...type.exports].flatMap(([inner, t]) =>
      t.kind === 'func' ? [{ interface: name, name: inner, type: t }] : [],
    );
  });
}

/** `wanted` may leave out the version, or have a compatible one. */
function sameInterface(wanted: string, name: string | undefined): boolean {
  if (name === undefined) return false;
  if (wanted === name) return true;
  const { name: base, version } = splitVersion(wanted);
  return version === undefined ? splitVersion(name).name === base : compatKey(wanted) === compatKey(name);
}

const MEMBER = /^\[(method|static|constructor)\](.*)$/;

function memberOf(functions: readonly Target[], text: string): Target | undefined {
  return functions.find((f) => {
    const member = MEMBER.exec(f.name)?.[2];
    if (member === undefined) return false;
    const plain = f.interface === undefined ? member : `${splitVersion(f.interface).name}.${member}`;
    const full = f.interface === undefined ? member : `${f.interface}.${member}`;
    return text === full || text === plain || text === showTarget(f);
  });
}

/**
 * @throws MisuseError `bad-call` if the text is no call
 * @throws UsageError `unknown-function`, `ambiguous-function`, `is-method`
 */
export function findTarget(path: string, component: Component, call: string): Target {
  const open = call.indexOf('(');
  const text = call.slice(0, open).trim();
  if (open <= 0 || text === '') {
    throw new MisuseError('bad-call', `"${call}" is no call`, "write it as 'func(args)' or 'ns:pkg/iface.func(args)'");
  }
  const functions = exportedFunctions(component);
  const dot = text.lastIndexOf('.');
  const [where, name] = dot < 0 ? [undefined, text] : [text.slice(0, dot), text.slice(dot + 1)];
  const named = functions.filter((f) => f.name === name);
  const exact = named.filter((f) =>
    where === undefined ? f.interface === undefined : sameInterface(where, f.interface),
  );
  // A function of the world goes before those of interfaces, which need not be named where one alone has it.
  const found = where === undefined && exact.length === 0 ? named : exact;
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  if (second !== undefined) {
    throw new UsageError('ambiguous-function', `${path} exports more than one ${text}`, {
      found: found.map(showTarget).join(', '),
      hint: where === undefined ? 'write the interface too' : 'write the version too',
    });
  }
  const member = memberOf(functions, text);
  if (member !== undefined) {
    throw new UsageError('is-method', `${text} belongs to a resource: it needs or makes an object, which has no text`, {
      expected: 'a function of an interface or of the world',
      hint: 'call it from a program: load the component with the package, and use its class',
    });
  }
  return unknown(path, text, functions);
}

function unknown(path: string, text: string, functions: readonly Target[]): never {
  const callable = functions.filter((f) => !f.name.startsWith('['));
  const names = callable.map(showTarget);
  // The same function of another interface is nearer than any word that looks alike.
  const last = text.slice(text.lastIndexOf('.') + 1);
  const short = callable.filter((f) => f.name === last).map(showTarget);
  const near = short[0] ?? nearest(text, names) ?? nearName(callable, last);
  const list = callable.map((f) => `\n  ${showTarget(f)}: ${describeFunc(f.type)}`).join('');
  throw new UsageError(
    'unknown-function',
    `${path} exports no function ${text}; ${list === '' ? 'it exports no function that can be called by name' : `it exports:${list}`}`,
    { hint: near === undefined ? 'see: tenon inspect FILE' : `did you mean ${near}?` },
  );
}

function nearName(callable: readonly Target[], last: string): string | undefined {
  const name = nearest(
    last,
    callable.map((f) => f.name),
  );
  const target = callable.find((f) => f.name === name);
  return target === undefined ? undefined : showTarget(target);
}
