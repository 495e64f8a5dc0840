/** Seeded changes to core modules: bytes within one section, whose size is kept right, or whole sections. Code is changed least. */
import { type CoreSection, decodeModule } from '../../src/core/decode.ts';
import { CodeWriter } from '../../src/util/code-writer.ts';
import { below, type Next, pick } from './random-definitions.ts';

const PREAMBLE = 8;
const CODE = 10;

interface Part {
  readonly id: number;
  readonly contents: Uint8Array;
}

function parts(bytes: Uint8Array<ArrayBuffer>): Part[] {
  return decodeModule(bytes).sections.map(({ id, offset, end }: CoreSection) => {
    // A custom section's contents begin behind its name; what is wanted begins behind the size.
    let start = offset + 1;
    while (bytes[start]! >= 0x80) start++;
    return { id, contents: bytes.subarray(start + 1, end) };
  });
}

function byteOf(next: Next, old: number): number {
  const kind = next();
  if (kind < 0.35) return old ^ (1 << below(next, 8));
  if (kind < 0.6) return Math.max(0, old + pick(next, [-1, 1, 2])) & 0xff;
  return kind < 0.8 ? below(next, 256) : pick(next, [0x00, 0x01, 0x40, 0x50, 0x60, 0x63, 0x64, 0x70, 0x7f, 0x80, 0xff]);
}

/** One byte another, put in, or left out. */
function changeBytes(contents: Uint8Array, next: Next): Uint8Array {
  const out = [...contents];
  const at = Math.floor(next() ** 2 * out.length);
  const kind = next();
  if (kind < 0.8) out[at] = byteOf(next, out[at] ?? 0);
  else if (kind < 0.9) out.splice(at, 0, byteOf(next, 0));
  else out.splice(at, 1);
  return new Uint8Array(out);
}

function changeSections(all: Part[], next: Next): void {
  const at = below(next, all.length);
  const kind = next();
  if (kind < 0.3) all.splice(at, 1);
  else if (kind < 0.5) all.splice(below(next, all.length + 1), 0, all[at]!);
  else if (kind < 0.7) all[at] = { id: below(next, 15), contents: all[at]!.contents };
  else {
    const [part] = all.splice(at, 1);
    all.splice(below(next, all.length + 1), 0, part!);
  }
}

/** A mutant of a module that can be decoded. */
export function mutateModule(bytes: Uint8Array<ArrayBuffer>, next: Next): Uint8Array<ArrayBuffer> {
  const all = parts(bytes);
  for (let times = next() < 0.7 ? 1 : 2; times > 0 && all.length > 0; times--) {
    let at = below(next, all.length);
    if (all[at]!.id === CODE) at = below(next, all.length);
    if (next() < 0.08) changeSections(all, next);
    else all[at] = { id: all[at]!.id, contents: changeBytes(all[at]!.contents, next) };
  }
  const out = new CodeWriter().raw(bytes.subarray(0, PREAMBLE));
  for (const { id, contents } of all) out.byte(id).u(contents.length).raw(contents);
  return out.finish();
}
