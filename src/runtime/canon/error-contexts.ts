/** Built-ins of error contexts. Specification: CanonicalABI.md, `canon_error_context_*`. */
import type { Flat } from '../../abi/js/border.ts';
import { checkRange, memoryOf } from '../../abi/memory.ts';
import { store } from '../../abi/store.ts';
import { loadStringRange, splitTag } from '../../abi/string.ts';
import { hostString } from '../../abi/values.ts';
import { trapIf } from '../../error/trap.ts';
import { invariant } from '../../util/invariant.ts';
import { control, MAY_LEAVE } from '../control.ts';
import { ErrorContext } from '../error-context.ts';
import { addObject, ERROR_CONTEXT, getObject, removeObject } from '../object-handles.ts';
import { abiContext } from '../side.ts';
import { transferHooks } from '../transfer.ts';
import type { BuiltinEnv, CoreFunction } from './environment.ts';

/** Longest message that is kept, in UTF-16 units: what a host keeps of a message is its own choice. */
const MAX_MESSAGE = 65_536;

function contextOf({ component, side, types }: BuiltinEnv) {
  invariant(side !== undefined, 'options with a memory');
  return abiContext(side, transferHooks(component.slot, types));
}

function unsigned(raw: Flat): number {
  return typeof raw === 'bigint' ? Number(BigInt.asUintN(64, raw)) : raw >>> 0;
}

/** `canon error-context.new` */
export function errorContextNew(env: BuiltinEnv): CoreFunction {
  const context = contextOf(env);
  return (pointer, length) => {
    env.component.mustLeave();
    const { text } = loadStringRange(context, unsigned(pointer!), splitTag(context, length!));
    return addObject(env.component.slot, new ErrorContext(text.slice(0, MAX_MESSAGE).toWellFormed()));
  };
}

/** `canon error-context.debug-message` */
export function errorContextDebugMessage(env: BuiltinEnv): CoreFunction {
  const context = contextOf(env);
  const size = context.options.memory === '64' ? 8 : 4;
  return (index, pointer) => {
    env.component.mustLeave();
    const { debugMessage } = getObject<ErrorContext>(env.component.slot, index as number, ERROR_CONTEXT);
    const at = unsigned(pointer!);
    trapIf(at % size !== 0, 'unaligned-pointer');
    checkRange(memoryOf(context), at, 2 * size, 'memory-out-of-bounds');
    const leave = (env.component.slot + MAY_LEAVE) >> 2;
    control.i32[leave] = 0;
    store(context, { kind: 'string' }, hostString(debugMessage), at);
    control.i32[leave] = 1;
    return undefined;
  };
}

/** `canon error-context.drop` */
export function errorContextDrop({ component }: BuiltinEnv): CoreFunction {
  return (index) => {
    component.mustLeave();
    removeObject<ErrorContext>(component.slot, index as number, ERROR_CONTEXT);
    return undefined;
  };
}
