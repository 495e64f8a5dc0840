/** How handles change between a guest's table and the host's objects, where a border function's own code does not do it. */
import type { HandleHooks } from '../abi/context.ts';
import type { BorderResource } from '../abi/js/border.ts';
import type { ResourceType } from '../types/value-type.ts';
import { invariant } from '../util/invariant.ts';
import type { ErrorContext } from './error-context.ts';
import { endFromHost, endToHost, errorContextFromHost } from './host-ends.ts';
import { addObject, ERROR_CONTEXT, getObject } from './object-handles.ts';
import type { TypeScope } from './payload.ts';
import type { Side } from './side.ts';
import { liftEnd, lowerEnd } from './transfer.ts';

/** The hooks of one border function. */
export function hostHooks(
  borders: ReadonlyMap<ResourceType, BorderResource>,
  { slot }: Side,
  types: TypeScope,
  path: string,
): HandleHooks {
  const border = (type: ResourceType): BorderResource => {
    const found = borders.get(type);
    invariant(found !== undefined, 'a resource of the signature');
    return found;
  };
  return {
    liftOwn: (type, index) => border(type).liftOwn(index),
    liftBorrow: (type, index) => border(type).liftBorrow(index),
    lowerOwn: (type, value) => border(type).lowerOwn(value, `the ${type.name ?? 'resource'}`),
    lowerBorrow: (type, value) => border(type).lowerBorrow(value, `the ${type.name ?? 'resource'}`),
    liftEnd: (type, index) => endToHost(liftEnd(slot, index, type, types)),
    lowerEnd: (type, value) => lowerEnd(slot, endFromHost(type, value, types, path)),
    liftErrorContext: (index) => getObject<ErrorContext>(slot, index, ERROR_CONTEXT),
    lowerErrorContext: (value) => addObject(slot, errorContextFromHost(value, path)),
  };
}
