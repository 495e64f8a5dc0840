/** Strings in linear memory. Specification: CanonicalABI.md, `load_string`, `store_string`. */
import { makeTrap, trapIf } from '../error/trap.ts';
import type { AbiContext, GuestMemory } from './context.ts';
import { lifts } from './lifted.ts';
import { allocate, checkRange, memoryOf, toNumber } from './memory.ts';
import type { AbiString } from './values.ts';

/** Longest string or list, in bytes. */
export const MAX_BYTES = 0xfff_ffff;
const OUTSIDE = 'realloc-out-of-bounds/string';

/** The most that realloc can be asked for. What is lowered has no bound of its own. */
export const MAX_REALLOC = 0xffff_ffff;

const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = /* @__PURE__ */ new TextEncoder();
const UTF16_CHUNK = 8_192;

/** Whether bytes that are not UTF-8 would be, if there were more of them. */
function endsEarly(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw makeTrap(endsEarly(bytes) ? 'incomplete-utf8' : 'invalid-utf8');
  }
}

function decodeUnits(memory: GuestMemory, pointer: number, units: number, wide: boolean): string {
  const { view, u8 } = memory;
  let text = '';
  for (let i = 0; i < units; i += UTF16_CHUNK) {
    const count = Math.min(UTF16_CHUNK, units - i);
    const codes = Array.from({ length: count }, (_, k) =>
      wide ? view.getUint16(pointer + 2 * (i + k), true) : u8[pointer + i + k]!,
    );
    text += String.fromCharCode(...codes);
  }
  if (wide) trapIf(!text.isWellFormed(), 'invalid-utf16');
  return text;
}

/** A length as it stands in memory or on the stack: code units, and in `latin1+utf16` the tag that says they are UTF-16. */
export interface Units {
  readonly units: number;
  readonly tagged: boolean;
}

/** Takes the tag, the top bit of a pointer-sized length, off a length. */
export function splitTag(cx: AbiContext, raw: number | bigint): Units {
  if (cx.options.encoding !== 'latin1+utf16') return { units: toNumber(raw), tagged: false };
  const top = typeof raw === 'bigint' ? 1n << 63n : 0x8000_0000n;
  const value = BigInt(raw);
  return value >= top ? { units: toNumber(value - top), tagged: true } : { units: toNumber(value), tagged: false };
}

/** The inverse of {@link splitTag}. */
export function joinTag(cx: AbiContext, { units, tagged }: Units): number | bigint {
  if (cx.options.memory === '64') return BigInt(units) + (tagged ? 1n << 63n : 0n);
  return tagged ? units + 0x8000_0000 : units;
}

/** Loads a string from a range. */
export function loadStringRange(cx: AbiContext, pointer: number, { units, tagged }: Units): AbiString {
  const memory = memoryOf(cx);
  const { encoding } = cx.options;
  const compact = encoding === 'latin1+utf16';
  const wide = encoding === 'utf16' || tagged;
  const bytes = wide ? units * 2 : units;
  trapIf(bytes > MAX_BYTES, 'string-out-of-bounds');
  trapIf((encoding === 'utf16' || compact) && pointer % 2 !== 0, 'unaligned-pointer');
  checkRange(memory, pointer, bytes, 'string-out-of-bounds');
  lifts(bytes);
  if (encoding === 'utf8')
    return {
      kind: 'string',
      text: decodeUtf8(memory.u8.subarray(pointer, pointer + bytes)),
      encoding: 'utf8',
      compact: false,
      units,
    };
  return {
    kind: 'string',
    text: decodeUnits(memory, pointer, units, wide),
    encoding: wide ? 'utf16' : 'latin1',
    compact,
    units,
  };
}

function writeUtf16(memory: GuestMemory, pointer: number, text: string): void {
  const { view } = memory;
  for (let i = 0; i < text.length; i++) view.setUint16(pointer + 2 * i, text.charCodeAt(i), true);
}

function writeLatin1(memory: GuestMemory, pointer: number, text: string): void {
  const { u8 } = memory;
  for (let i = 0; i < text.length; i++) u8[pointer + i] = text.charCodeAt(i);
}

/** How far `text` stays below `limit`. */
function prefixBelow(text: string, limit: number): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= limit) return i;
  return text.length;
}

export interface StoredString extends Units {
  readonly pointer: number;
}

function stored(pointer: number, units: number, tagged = false): StoredString {
  return { pointer, units, tagged };
}

function limit(bytes: number): void {
  trapIf(bytes > MAX_REALLOC, 'value-too-large');
}

function storeExact(cx: AbiContext, bytes: Uint8Array): StoredString {
  limit(bytes.length);
  const pointer = allocate(cx, 0, 0, 1, bytes.length, OUTSIDE);
  memoryOf(cx).u8.set(bytes, pointer);
  return stored(pointer, bytes.length);
}

/** From UTF-16 or Latin-1: one byte a unit at first, the worst case from the first character that needs more, then to size. */
function storeToUtf8(cx: AbiContext, source: AbiString, worst: number): StoredString {
  const { text, units } = source;
  limit(units);
  let pointer = allocate(cx, 0, 0, 1, units, OUTSIDE);
  const ascii = prefixBelow(text, 0x80);
  if (ascii === text.length) {
    writeLatin1(memoryOf(cx), pointer, text);
    return stored(pointer, units);
  }
  writeLatin1(memoryOf(cx), pointer, text.slice(0, ascii));
  limit(worst * units);
  pointer = allocate(cx, pointer, units, 1, worst * units, OUTSIDE);
  const bytes = encoder.encode(text);
  memoryOf(cx).u8.set(bytes.subarray(ascii), pointer + ascii);
  if (bytes.length < worst * units) pointer = allocate(cx, pointer, worst * units, 1, bytes.length, OUTSIDE);
  return stored(pointer, bytes.length);
}

function storeUtf8ToUtf16(cx: AbiContext, source: AbiString): StoredString {
  const worst = 2 * source.units;
  limit(worst);
  let pointer = allocate(cx, 0, 0, 2, worst, OUTSIDE);
  writeUtf16(memoryOf(cx), pointer, source.text);
  const bytes = 2 * source.text.length;
  if (bytes < worst) pointer = allocate(cx, pointer, worst, 2, bytes, OUTSIDE);
  return stored(pointer, source.text.length);
}

function storeUtf16(cx: AbiContext, source: AbiString): StoredString {
  const bytes = 2 * source.text.length;
  limit(bytes);
  const pointer = allocate(cx, 0, 0, 2, bytes, OUTSIDE);
  writeUtf16(memoryOf(cx), pointer, source.text);
  return stored(pointer, source.text.length);
}

/** From UTF-8 or UTF-16 to `latin1+utf16`: Latin-1 as long as it goes, then inflated in place. */
function storeCompact(cx: AbiContext, source: AbiString): StoredString {
  const { text, units } = source;
  limit(units);
  let pointer = allocate(cx, 0, 0, 2, units, OUTSIDE);
  const latin = prefixBelow(text, 0x100);
  writeLatin1(memoryOf(cx), pointer, text.slice(0, latin));
  if (latin === text.length) {
    if (text.length < units) pointer = allocate(cx, pointer, units, 2, text.length, OUTSIDE);
    return stored(pointer, text.length);
  }
  const worst = 2 * units;
  limit(worst);
  pointer = allocate(cx, pointer, units, 2, worst, OUTSIDE);
  const { u8 } = memoryOf(cx);
  for (let i = latin - 1; i >= 0; i--) {
    u8[pointer + 2 * i] = u8[pointer + i]!;
    u8[pointer + 2 * i + 1] = 0;
  }
  writeUtf16(memoryOf(cx), pointer + 2 * latin, text.slice(latin));
  const bytes = 2 * text.length;
  if (bytes < worst) pointer = allocate(cx, pointer, worst, 2, bytes, OUTSIDE);
  return stored(pointer, text.length, true);
}

/** From `latin1+utf16` with the tag set: as UTF-16, deflated if all of it is Latin-1. */
function storeProbablyUtf16(cx: AbiContext, source: AbiString): StoredString {
  const { text } = source;
  const bytes = 2 * text.length;
  limit(bytes);
  let pointer = allocate(cx, 0, 0, 2, bytes, OUTSIDE);
  writeUtf16(memoryOf(cx), pointer, text);
  if (prefixBelow(text, 0x100) < text.length) return stored(pointer, text.length, true);
  writeLatin1(memoryOf(cx), pointer, text);
  pointer = allocate(cx, pointer, bytes, 1, text.length, OUTSIDE);
  return stored(pointer, text.length);
}

function storeLatin1(cx: AbiContext, source: AbiString): StoredString {
  limit(source.text.length);
  const pointer = allocate(cx, 0, 0, 2, source.text.length, OUTSIDE);
  writeLatin1(memoryOf(cx), pointer, source.text);
  return stored(pointer, source.text.length);
}

/**
 * Stores a string as a new range and gives its pointer, code units and tag. The allocations are those of the specification.
 */
export function storeStringRange(cx: AbiContext, source: AbiString): StoredString {
  switch (cx.options.encoding) {
    case 'utf8':
      if (source.encoding === 'utf8' || source.host === true) return storeExact(cx, encoder.encode(source.text));
      return storeToUtf8(cx, source, source.encoding === 'utf16' ? 3 : 2);
    case 'utf16':
      return source.encoding === 'utf8' ? storeUtf8ToUtf16(cx, source) : storeUtf16(cx, source);
    case 'latin1+utf16':
      if (source.encoding === 'latin1') return storeLatin1(cx, source);
      return source.compact && source.encoding === 'utf16' ? storeProbablyUtf16(cx, source) : storeCompact(cx, source);
  }
}
