/** Keeps artifacts in memory, as a host may. */
import type { ArtifactCache, KeptArtifact } from '../../src/index.ts';

export class MemoryCache implements ArtifactCache {
  readonly kept = new Map<string, string>();
  /** How often something was found. */
  found = 0;
  #complete = false;

  #key(bytes: Uint8Array): string {
    return Buffer.from(bytes).toString('latin1');
  }

  get(bytes: Uint8Array): KeptArtifact | undefined {
    const artifact = this.kept.get(this.#key(bytes));
    if (artifact === undefined) return undefined;
    this.found++;
    return { artifact };
  }

  set(bytes: Uint8Array, artifact: string): void {
    if (this.#complete) throw new Error('what is kept now was not kept before');
    this.kept.set(this.#key(bytes), artifact);
  }

  /** From now on nothing new may come. */
  expect(): void {
    this.#complete = true;
  }
}
