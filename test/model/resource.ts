/** Resource types and handles. Specification: CanonicalABI.md, "Resource State". */
import type { ComponentInstance, CoreFunc } from './state.ts';
import type { Task } from './thread.ts';

export class ResourceType {
  readonly name: string;
  readonly impl: ComponentInstance;
  readonly dtor: CoreFunc | undefined;

  constructor(name: string, impl: ComponentInstance, dtor?: CoreFunc) {
    this.name = name;
    this.impl = impl;
    this.dtor = dtor;
  }
}

export class ResourceHandle {
  readonly rt: ResourceType;
  readonly rep: number;
  readonly own: boolean;
  readonly borrowScope: Task | undefined;
  numLends = 0;

  constructor(rt: ResourceType, rep: number, own: boolean, borrowScope?: Task) {
    this.rt = rt;
    this.rep = rep;
    this.own = own;
    this.borrowScope = borrowScope;
  }
}
