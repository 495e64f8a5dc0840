/** Canonical definitions as text. Specification: Explainer, "Canonical Definitions", "Canonical Built-ins". */
import type { Canon, CanonOption } from '../../types/definition.ts';
import { unreachable } from '../../util/invariant.ts';
import type { PrintScope } from './component-scope.ts';
import { valType } from './value-types.ts';

function option(one: CanonOption, scope: PrintScope): string {
  switch (one.kind) {
    case 'encoding':
      return ` string-encoding=${one.encoding}`;
    case 'async':
      return ' async';
    case 'memory':
      return ` (memory (core memory ${scope.ref('core memory', one.index)}))`;
    case 'realloc':
    case 'post-return':
    case 'callback':
      return ` (${one.kind} (core func ${scope.ref('core func', one.index)}))`;
    default:
      return unreachable(one);
  }
}

function options(items: readonly CanonOption[], scope: PrintScope): string {
  return items.map((one) => option(one, scope)).join('');
}

/** What stands behind the name of a built-in or `lower`. */
function immediates(canon: Exclude<Canon, { readonly kind: 'lift' }>, scope: PrintScope): string {
  switch (canon.kind) {
    case 'lower':
      return ` (func ${scope.ref('func', canon.func)})${options(canon.options, scope)}`;
    case 'task.return': {
      const result = canon.result === undefined ? '' : ` (result ${valType(canon.result, scope)})`;
      return result + options(canon.options, scope);
    }
    case 'context.get':
    case 'context.set':
      return ` ${canon.type} ${canon.slot}`;
    case 'waitable-set.wait':
    case 'waitable-set.poll':
      return `${canon.cancellable ? ' cancellable' : ''} (memory (core memory ${scope.ref('core memory', canon.memory)}))`;
    case 'thread.new-indirect':
      return ` ${scope.ref('core type', canon.type)} (core table ${scope.ref('core table', canon.table)})`;
    default: {
      // The others have a type, a flag, options, or nothing, in this order.
      let text = '';
      if ('type' in canon) text += ` ${scope.ref('type', canon.type)}`;
      if ('async' in canon && canon.async) text += ' async';
      if ('cancellable' in canon && canon.cancellable) text += ' cancellable';
      return 'options' in canon ? text + options(canon.options, scope) : text;
    }
  }
}

/** `(canon …)` without what it defines; of `lift` without the type. */
export function canonText(canon: Canon, scope: PrintScope): string {
  if (canon.kind !== 'lift') return `(canon ${canon.kind}${immediates(canon, scope)})`;
  return `(canon lift (core func ${scope.ref('core func', canon.func)})${options(canon.options, scope)})`;
}
