/**
 * What scripts of components find under the import `host`, and beside it: functions, a core module, a resource that counts its drops.
 * Specification: the hosts of the field's own script runners.
 */
import { LinkError } from '../error/error.ts';
import type { Imports } from '../runtime/linker.ts';

// (module (global (export "g") i32 i32.const 100) (func (export "f") (result i32) i32.const 101))
const SIMPLE_MODULE = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 6, 7, 1, 0x7f, 0, 0x41, 0xe4, 0, 0x0b, 7, 9,
  2, 1, 0x67, 3, 0, 1, 0x66, 0, 0, 10, 7, 1, 5, 0, 0x41, 0xe5, 0, 0x0b,
]);

/** What a script does wrong with its host's resource ends the script's guest. */
function expect(holds: boolean, what: string): void {
  if (!holds) throw new LinkError('script-host', `the host's resource was used wrongly: ${what}`);
}

function resources(): Record<string, unknown> {
  const state = { drops: 0, lastDrop: 0 };
  class Resource1 {
    readonly #rep: number;
    constructor(rep: number) {
      this.#rep = rep;
    }
    static assert(resource: Resource1, rep: number): void {
      expect(resource.#rep === rep, 'another representation');
    }
    static lastDrop(): number {
      return state.lastDrop;
    }
    static drops(): number {
      return state.drops;
    }
    simple(rep: number): void {
      expect(this.#rep === rep, 'another representation');
    }
    takeBorrow(_other: Resource1): void {}
    takeOwn(_other: Resource1): void {}
    [Symbol.dispose](): void {
      state.drops++;
      state.lastDrop = this.#rep;
    }
  }
  class Resource2 {}
  return { Resource1, Resource1Again: Resource1, Resource2 };
}

/** The imports of one script; its resource is its own. */
export function scriptHost(): Imports {
  return {
    'host-echo-u32': (value: number) => value,
    'host-return-two': () => 2,
    host: {
      'return-three': () => 3,
      nested: { 'return-four': () => 4 },
      'simple-module': new WebAssembly.Module(SIMPLE_MODULE),
      ...resources(),
    },
  };
}
