/** Socket addresses as Node writes them: text, with the interface of a link-local address behind a percent sign. */
import { parseAddress, printAddress } from '../../grants/address.ts';
import { type SocketAddress, SocketError } from '../sockets.ts';

/** The name of an interface. */
function zoneOf(scopeId: number): string | undefined {
  const interfaces = process.getBuiltinModule('node:os').networkInterfaces();
  for (const [name, addresses] of Object.entries(interfaces)) {
    if (addresses?.some((each) => each.family === 'IPv6' && each.scopeid === scopeId) === true) return name;
  }
  return undefined;
}

function scopeOf(zone: string): number {
  const addresses = process.getBuiltinModule('node:os').networkInterfaces()[zone] ?? [];
  return addresses.find((each) => each.family === 'IPv6')?.scopeid ?? (Number(zone) || 0);
}

/** The text of an address for Node. Throws SocketError where there is no such interface. */
export function hostText({ address, scopeId = 0 }: SocketAddress): string {
  const text = printAddress(address);
  if (address.family === 4 || scopeId === 0) return text;
  const zone = process.platform === 'win32' ? String(scopeId) : zoneOf(scopeId);
  if (zone === undefined) throw new SocketError('remote-unreachable', 'there is no such interface');
  return `${text}%${zone}`;
}

/** What Node says of an end of a connection. */
export function socketAddress(text: string, port: number): SocketAddress {
  const [plain = '', zone] = text.split('%');
  const address = parseAddress(plain);
  if (address === undefined) throw new SocketError('unknown', 'the address is of no known family');
  return zone === undefined ? { address, port } : { address, port, scopeId: scopeOf(zone) };
}
