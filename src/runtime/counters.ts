/** Counters of the flavour `counted`, in the control memory so that adapters can reach them. */
import { control } from './control.ts';

export class Counters {
  readonly #between = new Map<string, number>();

  /** Address of the counter of calls along one path between components. */
  between(path: string): number {
    let address = this.#between.get(path);
    if (address === undefined) {
      address = control.allocate(16);
      this.#between.set(path, address);
    }
    return address;
  }

  /** How many calls each path had. */
  read(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.#between].map(([path, address]) => [path, (control.i32[address >> 2] ?? 0) >>> 0]),
    );
  }
}
