/** Custom sections that people ask for: names and producers. Contents that are not well formed are ignored, as the specification says. */

import { MalformedError } from '../error/error.ts';
import type { CoreModule, CoreSection } from './decode.ts';
import { Reader } from './reader.ts';

export interface CoreNames {
  readonly module: string | undefined;
  readonly functions: ReadonlyMap<number, string>;
}

/** The `name` section: module name and function names. */
export function readNames(module: CoreModule): CoreNames {
  let name: string | undefined;
  const functions = new Map<number, string>();
  const section = module.sections.find((s) => s.name === 'name');
  if (section !== undefined) {
    lenient(() => {
      const r = new Reader(module.bytes, section.start, section.end);
      while (!r.done) {
        const id = r.byte();
        const body = r.sub(r.u32());
        if (id === 0) name = body.name();
        if (id === 1) body.vec((x) => functions.set(x.u32(), x.name()));
      }
    });
  }
  return { module: name, functions };
}

/** One field of a `producers` section: tools with versions. */
export interface ProducerField {
  readonly field: string;
  readonly tools: readonly { readonly name: string; readonly version: string }[];
}

/** The fields of a `producers` section. Tool conventions: "Producers Section". */
export function readProducers(
  bytes: Uint8Array<ArrayBuffer>,
  section: Pick<CoreSection, 'start' | 'end'>,
): readonly ProducerField[] {
  let fields: readonly ProducerField[] = [];
  lenient(() => {
    const r = new Reader(bytes, section.start, section.end);
    fields = r.vec((x) => ({ field: x.name(), tools: x.vec((y) => ({ name: y.name(), version: y.name() })) }));
  });
  return fields;
}

function lenient(read: () => void): void {
  try {
    read();
  } catch (error) {
    // Custom sections never make a module malformed.
    if (!(error instanceof MalformedError)) throw error;
  }
}
