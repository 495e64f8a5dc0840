// The Canonical ABI by hand: strings come and go as address and length of UTF-8, results of several words through RESULT.
// Exports get their WIT names in build.sh, since AssemblyScript's must be identifiers.
const RESULT: usize = memory.data(16);

export function cabi_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  if (size == 0) return align;
  return oldSize ? heap.realloc(old, size) : heap.alloc(size);
}

function take(address: usize, length: usize): string {
  const text = String.UTF8.decodeUnsafe(address, length);
  if (length) heap.free(address);
  return text;
}

/** Writes address and length of a copy of the text to `at`; whoever answers it frees it after the call. */
function give(text: string, at: usize): void {
  const length = String.UTF8.byteLength(text);
  const address = heap.alloc(length);
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, address);
  store<u32>(at, <u32>address);
  store<u32>(at + 4, <u32>length);
}

/** Width in characters: surrogate pairs count once. */
function width(text: string): i32 {
  let n = 0;
  for (let i = 0; i < text.length; i++) n += (text.charCodeAt(i) & 0xfc00) == 0xdc00 ? 0 : 1;
  return n;
}

function isPunctuation(c: i32): bool {
  return (c < 0x30 && c != 0) || (c > 0x39 && c < 0x41) || (c > 0x5a && c < 0x61) || (c > 0x7a && c < 0xc0 && c != 0xaa && c != 0xb5 && c != 0xba) || (c >= 0x2010 && c <= 0x205e) || (c >= 0x3001 && c <= 0x3003);
}

export function fold(address: usize, length: usize): usize {
  const text = take(address, length);
  let from = 0;
  let to = text.length;
  while (from < to && isPunctuation(text.charCodeAt(from))) from++;
  while (to > from && isPunctuation(text.charCodeAt(to - 1))) to--;
  store<u8>(RESULT, to > from ? 1 : 0);
  if (to > from) give(text.substring(from, to).toLowerCase(), RESULT + 4);
  return RESULT;
}

export function post_fold(result: usize): void {
  if (load<u8>(result)) heap.free(load<u32>(result + 4));
  __collect();
}

export function pad(address: usize, length: usize, columns: u32, align: i32): usize {
  const text = take(address, length);
  const space = " ".repeat(max(0, <i32>columns - width(text)));
  give(align == 0 ? text + space : space + text, RESULT);
  return RESULT;
}

export function bar(share: f64, columns: u32): usize {
  const clamped = share > 0 ? min(share, 1.0) : 0.0;
  const full = <i32>Math.round(clamped * <f64>columns);
  give("█".repeat(full) + "░".repeat(<i32>columns - full), RESULT);
  return RESULT;
}

export function rule(address: usize, count: usize): usize {
  let text = "";
  for (let i: usize = 0; i < count; i++) {
    text += (i ? "  " : "") + "─".repeat(<i32>load<u32>(address + 4 * i));
  }
  if (count) heap.free(address);
  give(text, RESULT);
  return RESULT;
}

export function post_text(result: usize): void {
  heap.free(load<u32>(result));
  __collect();
}
