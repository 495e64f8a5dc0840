/**
 * What kind of network an address belongs to, and the IPv4 addresses that IPv6 addresses hold. Specification: the special-purpose
 * address registries of IANA (RFC 6890 and its successors). Addresses that answer with secrets of a machine in a cloud (its metadata)
 * are a kind of their own, taken from the providers' manuals.
 */
import { type AddressBlock, blockInBlock, type IpAddress, inBlock, parseBlock } from './address.ts';

/** Kinds whose addresses are reached only where a rule names them. */
export const BLOCKED_RANGES = [
  'loopback',
  'private',
  'link-local',
  'metadata',
  'carrier-nat',
  'multicast',
  'broadcast',
  'unspecified',
  'benchmark',
  'documentation',
  'reserved',
] as const;

export type BlockedRange = (typeof BLOCKED_RANGES)[number];
export type AddressRange = BlockedRange | 'public';

/** The first block that holds an address decides. */
const BLOCKS: readonly (readonly [range: AddressRange, ...blocks: readonly string[]])[] = [
  // Amazon, Google, Azure, DigitalOcean, OpenStack and others; credentials of Amazon's containers; Alibaba; Oracle; Azure's host.
  ['metadata', '169.254.169.0/24', '169.254.170.0/24', '100.100.100.200', '192.0.0.192', '168.63.129.16'],
  ['metadata', 'fd00:ec2::/32', 'fd20:ce::254'],
  ['unspecified', '0.0.0.0/8', '::'],
  ['loopback', '127.0.0.0/8', '::1'],
  ['private', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10'],
  ['link-local', '169.254.0.0/16', 'fe80::/10'],
  ['carrier-nat', '100.64.0.0/10'],
  ['benchmark', '198.18.0.0/15', '2001:2::/48'],
  ['documentation', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20'],
  ['multicast', '224.0.0.0/4', 'ff00::/8'],
  ['broadcast', '255.255.255.255'],
  ['reserved', '192.0.0.0/24', '192.88.99.0/24', '240.0.0.0/4', '2001::/23'],
  ['public', '0.0.0.0/0', '2000::/3'],
  // What nobody has been given.
  ['reserved', '::/0'],
];

const TABLE: readonly (readonly [AddressRange, AddressBlock])[] = BLOCKS.flatMap(([range, ...blocks]) =>
  blocks.map((block) => [range, parseBlock(block)!] as const),
);

/** The kind of an address, which is judged as it stands: see {@link judged}. */
export function rangeOf(address: IpAddress): AddressRange {
  return TABLE.find(([, block]) => inBlock(address, block))![0];
}

/** Whether a block lies within addresses of one kind. A block that holds others besides is too wide to name any. */
export function names(block: AddressBlock, address: IpAddress): boolean {
  const found = TABLE.find(([, each]) => inBlock(address, each))!;
  return inBlock(address, block) && (found[0] === 'public' || blockInBlock(block, found[1]));
}

const ipv4 = (high: number, low: number): IpAddress => ({
  family: 4,
  parts: [high >> 8, high & 255, low >> 8, low & 255],
});

/** IPv6 forms of IPv4, with the group where the IPv4 address begins. */
const FORMS: readonly (readonly [AddressBlock, at: number])[] = (
  [
    // Mapped, translated (SIIT), compatible; NAT64; 6to4.
    ['::ffff:0:0/96', 6],
    ['::ffff:0:0:0/96', 6],
    ['::/96', 6],
    ['64:ff9b::/96', 6],
    ['2002::/16', 1],
  ] as const
).map(([block, at]) => [parseBlock(block)!, at]);

const TEREDO = parseBlock('2001::/32')!;

function isPlain({ parts }: IpAddress): boolean {
  return parts.slice(0, 7).every((part) => part === 0) && parts[7]! <= 1;
}

/**
 * The addresses that an address stands for: the IPv4 addresses that it holds, else itself. Who reaches it must be allowed to reach each
 * of them: with Teredo these are a server's and a client's, with ISATAP the address of a router and one behind it.
 */
export function judged(address: IpAddress): readonly IpAddress[] {
  const { family, parts } = address;
  if (family === 4 || isPlain(address)) return [address];
  const form = FORMS.find(([block]) => inBlock(address, block));
  if (form !== undefined) return [ipv4(parts[form[1]]!, parts[form[1] + 1]!)];
  if (inBlock(address, TEREDO)) {
    return [ipv4(parts[2]!, parts[3]!), ipv4(parts[6]! ^ 0xffff, parts[7]! ^ 0xffff)];
  }
  // ISATAP: an interface identifier that ends in an IPv4 address.
  if ((parts[4]! & ~0x0200) === 0 && parts[5] === 0x5efe) return [address, ipv4(parts[6]!, parts[7]!)];
  return [address];
}

/** Whether a block holds IPv6 forms of IPv4 addresses only: rules write these as IPv4. */
export function isIpv4Form(block: AddressBlock): boolean {
  if (block.base.family === 4 || (block.length === 128 && isPlain(block.base))) return false;
  return [...FORMS.map(([each]) => each), TEREDO].some((each) => blockInBlock(block, each));
}
