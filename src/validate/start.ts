/** The component start function (🪙). Specification: Binary, "start". */
import type { Definition } from '../types/definition.ts';
import { noVariables } from './environment.ts';
import { LIMITS } from './limits.ts';
import { reasons } from './reasons.ts';
import type { Scope } from './scope.ts';
import { valueProblem } from './value-equality.ts';

/** `start ::= f:<funcidx> arg*:vec(<valueidx>) r:<u32>` */
export function validateStart(scope: Scope, definition: Extract<Definition, { readonly kind: 'start' }>): void {
  const { offset, func, args, results } = definition;
  scope.require('values', 'a component start function', offset);
  if (scope.hasStart) scope.fail(reasons.secondStart(), offset);
  scope.hasStart = true;
  const type = scope.func(func, offset);
  if (type.async) scope.fail(reasons.startAsync(), offset);
  scope.checkCount('start function argument', args.length, LIMITS.startArgs, offset);
  if (args.length !== type.params.length) scope.fail(reasons.startArguments(type.params.length, args.length), offset);
  for (const [i, index] of args.entries()) {
    const value = scope.useValue(index, offset);
    const problem = valueProblem(value, type.params[i]!.type, noVariables(), noVariables());
    if (problem !== undefined) scope.fail(reasons.startArgument(i, problem), offset);
  }
  const expected = type.result === undefined ? 0 : 1;
  if (results !== expected) scope.fail(reasons.startResults(expected, results), offset);
  if (type.result !== undefined) scope.addExtern({ kind: 'value', type: type.result }, offset);
}
