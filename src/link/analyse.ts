/** What a plan's canons tell about its component instances before anything runs. */
import type { PlanCanon } from './plan.ts';

/**
 * Which component instances may have to wait: those that lower a host function, or a function (or drop a resource whose
 * destructor is) of an instance that may.
 */
export function whoMaySuspend(instances: number, canons: readonly PlanCanon[]): readonly boolean[] {
  const may = new Array<boolean>(instances).fill(false);
  const callers: number[][] = Array.from({ length: instances }, () => []);
  const queue: number[] = [];
  const mark = (instance: number): void => {
    if (may[instance] === true) return;
    may[instance] = true;
    queue.push(instance);
  };
  for (const canon of canons) {
    if (canon.kind === 'async') mark(canon.instance);
    else if (canon.kind === 'lower') {
      if (canon.func.kind === 'import') mark(canon.instance);
      else callers[canon.func.instance]?.push(canon.instance);
    } else if (canon.kind === 'resource.drop' && canon.resource.origin.kind === 'defined') {
      callers[canon.resource.origin.instance]?.push(canon.instance);
    } else if (canon.kind === 'resource.drop') mark(canon.instance);
  }
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const caller of callers[next] ?? []) mark(caller);
  }
  return may;
}

/** Which component instances use `context.get` or `context.set`. */
export function usesContext(instances: number, canons: readonly PlanCanon[]): readonly boolean[] {
  const uses = new Array<boolean>(instances).fill(false);
  for (const canon of canons) {
    if (canon.kind === 'context.get' || canon.kind === 'context.set') uses[canon.instance] = true;
  }
  return uses;
}
