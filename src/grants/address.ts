/**
 * IP addresses and blocks of them, as plain data. Specification: RFC 4291 and RFC 5952 for text. Strict: IPv4 has four decimal
 * numbers without leading zeros, zones are refused. What else a platform takes for an address is in `host-name.ts`.
 */

/** `parts` as in WASI's tuples: four bytes, or eight 16-bit groups. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly parts: readonly number[];
}

/** All addresses whose first `length` bits are those of `base`. */
export interface AddressBlock {
  readonly base: IpAddress;
  readonly length: number;
}

/** Parses dotted decimal; undefined where it is none. */
function parseIpv4(text: string): readonly number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

/** Parses groups between colons; the last may be an IPv4 address where `last` says so. */
function parseGroups(text: string, last: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const words = text.split(':');
  for (const [index, word] of words.entries()) {
    if (last && index === words.length - 1 && word.includes('.')) {
      const bytes = parseIpv4(word);
      if (bytes === undefined) return undefined;
      groups.push(bytes[0]! * 256 + bytes[1]!, bytes[2]! * 256 + bytes[3]!);
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(word)) return undefined;
      groups.push(Number.parseInt(word, 16));
    }
  }
  return groups;
}

function parseIpv6(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [front, back] = halves;
  const left = parseGroups(front!, back === undefined);
  if (back === undefined) return left?.length === 8 ? left : undefined;
  const right = parseGroups(back, true);
  if (left === undefined || right === undefined || left.length + right.length > 7) return undefined;
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** Parses the text of an address; undefined where it is none. */
export function parseAddress(text: string): IpAddress | undefined {
  if (!text.includes(':')) {
    const bytes = parseIpv4(text);
    return bytes === undefined ? undefined : { family: 4, parts: bytes };
  }
  const groups = text.length > 45 ? undefined : parseIpv6(text);
  return groups === undefined ? undefined : { family: 6, parts: groups };
}

/** The longest run of zeros that is worth leaving out: its first group and its length. */
function longestZeros(parts: readonly number[]): readonly [start: number, length: number] {
  let best: readonly [number, number] = [0, 1];
  for (let start = 0; start < parts.length; start++) {
    let length = 0;
    while (start + length < parts.length && parts[start + length] === 0) length++;
    if (length > best[1]) best = [start, length];
  }
  return best;
}

/** The one text of an address (RFC 5952). */
export function printAddress({ family, parts }: IpAddress): string {
  if (family === 4) return parts.join('.');
  if (parts.slice(0, 5).every((part) => part === 0) && parts[5] === 0xffff) {
    const [high = 0, low = 0] = parts.slice(6);
    return `::ffff:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  const hex = (groups: readonly number[]): string => groups.map((group) => group.toString(16)).join(':');
  const [start, length] = longestZeros(parts);
  if (length < 2) return hex(parts);
  return `${hex(parts.slice(0, start))}::${hex(parts.slice(start + length))}`;
}

/** An address as it stands before a colon and a port; other text as it is. */
export function bracketed(text: string): string {
  return text.includes(':') ? `[${text}]` : text;
}

/** Whether the first `length` bits of both are the same. */
function sameStart(one: IpAddress, other: IpAddress, length: number): boolean {
  if (one.family !== other.family) return false;
  const width = one.family === 4 ? 8 : 16;
  for (const [index, part] of one.parts.entries()) {
    const bits = Math.min(Math.max(length - index * width, 0), width);
    const mask = ((1 << bits) - 1) << (width - bits);
    if ((part & mask) !== (other.parts[index]! & mask)) return false;
  }
  return true;
}

/** Whether an address is in a block. */
export function inBlock(address: IpAddress, { base, length }: AddressBlock): boolean {
  return sameStart(address, base, length);
}

/** Whether all of `inner` is in `outer`. */
export function blockInBlock(inner: AddressBlock, outer: AddressBlock): boolean {
  return inner.length >= outer.length && inBlock(inner.base, outer);
}

/** The block that holds nothing but one address. */
export function blockOf(address: IpAddress): AddressBlock {
  return { base: address, length: address.family === 4 ? 32 : 128 };
}

/** The same address with all bits after `length` cleared. */
export function masked({ base, length }: AddressBlock): IpAddress {
  const width = base.family === 4 ? 8 : 16;
  const parts = base.parts.map((part, index) => {
    const bits = Math.min(Math.max(length - index * width, 0), width);
    return part & (((1 << bits) - 1) << (width - bits));
  });
  return { family: base.family, parts };
}

/** Parses `ADDRESS` or `ADDRESS/LENGTH`; undefined where it is neither. Bits after the length are kept as they are. */
export function parseBlock(text: string): AddressBlock | undefined {
  const [head, tail, ...rest] = text.split('/');
  const base = parseAddress(head ?? '');
  if (base === undefined || rest.length > 0) return undefined;
  if (tail === undefined) return blockOf(base);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(tail) || Number(tail) > (base.family === 4 ? 32 : 128)) return undefined;
  return { base, length: Number(tail) };
}

/** The text of a block: that of its address where it has one only. */
export function printBlock(block: AddressBlock): string {
  const whole = block.length === blockOf(block.base).length;
  return whole ? printAddress(block.base) : `${printAddress(block.base)}/${block.length}`;
}
