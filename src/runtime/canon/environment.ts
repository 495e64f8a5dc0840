/** What the built-ins of a component instance work in. */
import type { Flat } from '../../abi/js/border.ts';
import type { ComponentState } from '../component-state.ts';
import type { TypeScope } from '../payload.ts';
import type { Side } from '../side.ts';

export type CoreFunction = (...args: Flat[]) => Flat | undefined;

export interface BuiltinEnv {
  readonly component: ComponentState;
  readonly types: TypeScope;
  /** What its canonical options refer to, where it has any. */
  readonly side: Side | undefined;
}
