/** Element and data segments, in the form that comes back as the same flags. Specification: core 3.0, "Element Section", "Data Section". */
import type { Reader } from '../../core/reader.ts';
import { coreRefType } from '../../core/types.ts';
import type { RefType } from '../../types/core-type.ts';
import { constantText } from './expression.ts';
import { quoteBytes } from './literal.ts';
import type { ModuleScope } from './module-scope.ts';
import { refTypeText } from './module-types.ts';
import type { TextWriter } from './text-writer.ts';

/** Longer strings are broken into lines of this many bytes. */
const LINE_BYTES = 1024;

const FUNCREF: RefType = { kind: 'ref', nullable: true, heap: { kind: 'abstract', shared: false, name: 'func' } };

/** Bytes as strings, a space in front; in a skeleton, three dots. */
export function writeBytes(out: TextWriter, bytes: Uint8Array, skeleton = false): void {
  if (skeleton) out.write(' ...');
  else if (bytes.length <= LINE_BYTES) out.write(` ${quoteBytes(bytes)}`);
  else for (let at = 0; at < bytes.length; at += LINE_BYTES) out.line(quoteBytes(bytes.subarray(at, at + LINE_BYTES)));
}

function elementType(r: Reader): RefType {
  return coreRefType(r) ?? r.unknown(r.byte(), 'type of elements', r.at - 1);
}

/** The items of a segment: functions by their indices, or expressions. */
function elements(r: Reader, module: ModuleScope, type: RefType | undefined): string {
  if (type === undefined) return ` func${r.vec(() => ` ${module.ref('func', r.u32())}`).join('')}`;
  const items = r.vec(() => ` ${constantText(r, module, 'item')}`);
  return ` ${refTypeText(type, module.typeRef)}${items.join('')}`;
}

/**
 * Flags: bit 0 not active; bit 1 of an active one: a table index follows, of another: declared; bit 2 expressions. The forms 0 and 4
 * say neither the table nor the type.
 */
export function elemText(r: Reader, module: ModuleScope): string {
  const at = r.at;
  const flags = r.u32();
  if (flags > 7) r.unknown(flags, 'element segment', at);
  const active = (flags & 1) === 0;
  let text = '';
  if (active) {
    if ((flags & 2) !== 0) text += ` (table ${module.ref('table', r.u32())})`;
    text += ` ${constantText(r, module, 'offset')}`;
  } else if ((flags & 2) !== 0) text += ' declare';
  const expressions = (flags & 4) !== 0;
  const short = (flags & 3) === 0;
  if (expressions) return text + elements(r, module, short ? FUNCREF : elementType(r));
  if (!short) r.zero('kind of elements');
  return text + elements(r, module, undefined);
}

/** Flags: 0 active in memory 0, 1 passive, 2 active in the memory that follows. */
export function writeData(out: TextWriter, r: Reader, module: ModuleScope, skeleton: boolean): void {
  const at = r.at;
  const flags = r.u32();
  if (flags > 2) r.unknown(flags, 'data segment', at);
  const memory = flags === 2 ? r.u32() : 0;
  if (memory !== 0) out.write(` (memory ${module.ref('memory', memory)})`);
  if (flags !== 1) out.write(` ${constantText(r, module, 'offset')}`);
  const bytes = r.sub(r.u32());
  writeBytes(out, bytes.bytes.subarray(bytes.at, bytes.end), skeleton);
}
