/**
 * Names and addresses as programs spell them. Specification: the host parser of the URL standard, which is what HTTP clients on every
 * platform do: odd spellings of IPv4 (octal, hexadecimal, short) become the address that would be connected to, names become
 * lower-case ASCII (IDNA). Percent signs and zones are refused.
 */
import { type IpAddress, parseAddress } from './address.ts';

export type HostName =
  | { readonly kind: 'address'; readonly address: IpAddress }
  | { readonly kind: 'name'; readonly name: string };

/** What URL parsing would take as something else than a part of the host, or leave out. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const FOREIGN = /[\u0000-\u0020\u007f/\\?#@:[\]<>^|%]/;

/** Parses a host: a name, an address, or an IPv6 address in brackets. Undefined where it is none. */
export function parseHost(text: string): HostName | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (bare.includes(':')) {
    const address = parseAddress(bare);
    return address === undefined ? undefined : { kind: 'address', address };
  }
  if (bare !== text || text === '' || text.length > 1024 || FOREIGN.test(text) || !text.isWellFormed())
    return undefined;
  const url = URL.parse(`http://${text}/`);
  if (url === null || url.hostname === '') return undefined;
  const address = parseAddress(url.hostname);
  if (address !== undefined) return { kind: 'address', address };
  const name = url.hostname.endsWith('.') ? url.hostname.slice(0, -1) : url.hostname;
  const labels = name.split('.');
  if (name.length > 253 || FOREIGN.test(name) || !labels.every((label) => label !== '' && label.length <= 63))
    return undefined;
  return { kind: 'name', name };
}
