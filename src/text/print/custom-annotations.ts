/**
 * Custom sections that have annotations of their own: `(@producers …)`, `(@dylink.0 …)`. One is used only if the parser makes the
 * same bytes of it, which is tried. Specification: tool conventions, "Producers Section", "Dynamic Linking".
 */
import { readProducers } from '../../core/custom.ts';
import { Reader } from '../../core/reader.ts';
import { MalformedError, TextError } from '../../error/error.ts';
import { type Custom, dylink, producers, SYMBOL_FLAGS } from '../core/custom.ts';
import { readNodes } from '../lexer.ts';
import type { Annotation } from '../node.ts';
import { quoteName } from './literal.ts';
import type { ByteRange } from './module-source.ts';

/** The lines inside an annotation; undefined if it would not come back as `contents`. */
function tried(
  name: string,
  lines: readonly string[],
  parse: (node: Annotation) => Custom,
  contents: Uint8Array,
): readonly string[] | undefined {
  try {
    const [node] = readNodes(`(@${name} ${lines.join(' ')})`).nodes;
    const { data } = parse(node as Annotation);
    return data.length === contents.length && data.every((byte, i) => byte === contents[i]) ? lines : undefined;
  } catch (error) {
    if (error instanceof TextError) return undefined;
    throw error;
  }
}

/** The order in which other parsers write the fields, whatever the order in the text. */
const PRODUCERS_ORDER = ['language', 'sdk', 'processed-by'];

/** `(language "C" "11")`, a line a tool; undefined if the section says more than that. */
export function producersLines(
  bytes: Uint8Array<ArrayBuffer>,
  { start, end }: ByteRange,
): readonly string[] | undefined {
  const fields = readProducers(bytes, { start, end });
  const places = fields.map(({ field }) => PRODUCERS_ORDER.indexOf(field));
  if (!places.every((place, i) => place > (places[i - 1] ?? -1))) return undefined;
  const lines = fields.flatMap(({ field, tools }) =>
    tools.map(({ name, version }) => `(${field} ${quoteName(name)} ${quoteName(version)})`),
  );
  return tried('producers', lines, producers, bytes.subarray(start, end));
}

function symbolFlags(flags: number): string {
  let text = '';
  let left = flags;
  for (const [name, bit] of Object.entries(SYMBOL_FLAGS)) {
    if ((left & bit) === 0) continue;
    text += ` ${name}`;
    left &= ~bit;
  }
  return left === 0 ? text : `${text} 0x${(left >>> 0).toString(16)}`;
}

function memInfo(r: Reader): string {
  const part = (keyword: string): string => {
    const [size, align] = [r.u32(), r.u32()];
    return size === 0 && align === 0 ? '' : ` (${keyword} ${size} ${align})`;
  };
  return `(mem-info${part('memory')}${part('table')})`;
}

function dylinkSubsection(id: number, r: Reader): readonly string[] {
  const names = (keyword: string): string[] => [`(${keyword}${r.vec((x) => ` ${quoteName(x.name())}`).join('')})`];
  switch (id) {
    case 1:
      return [memInfo(r)];
    case 2:
      return names('needed');
    case 3:
      return r.vec((x) => `(export-info ${quoteName(x.name())}${symbolFlags(x.u32())})`);
    case 4:
      return r.vec((x) => `(import-info ${quoteName(x.name())} ${quoteName(x.name())}${symbolFlags(x.u32())})`);
    case 5:
      return names('runtime-path');
    default:
      return [];
  }
}

/** `(mem-info (memory 1 2))`, a line a subsection or symbol; undefined if the section says more than that. */
export function dylinkLines(bytes: Uint8Array<ArrayBuffer>, { start, end }: ByteRange): readonly string[] | undefined {
  const lines: string[] = [];
  try {
    const r = new Reader(bytes, start, end);
    while (!r.done) {
      const id = r.byte();
      lines.push(...dylinkSubsection(id, r.sub(r.u32())));
    }
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
  return tried('dylink.0', lines, dylink, bytes.subarray(start, end));
}
