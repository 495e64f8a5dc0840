/**
 * What the program of `src/net` is asked to do, with whom it talks, and what may be reached: the same for the peer and for Tenon.
 * Placeholders in braces are ports: `echo`, `sink`, `reset` and `udp-echo` are programs of this machine, at `closed` there is nobody.
 */

export interface Conversation {
  readonly args: readonly string[];
  /** Flags of Tenon; what is at this machine where none are given. */
  readonly grant?: readonly string[];
  /** The peer is given no network either. */
  readonly denied?: boolean;
  /** Who talks to the program, which names its port on its first line. */
  readonly talk?: 'tcp' | 'udp';
  /** Where Tenon's outcome differs from the peer's by decision: why, and the lines that stand in place of the peer's. */
  readonly decided?: { readonly why: string; readonly lines: Readonly<Record<string, string>> };
}

export const LOCAL: readonly string[] = ['--net', 'localhost', '--listen', 'localhost:*'];

export const CONVERSATIONS: Readonly<Record<string, Conversation>> = {
  'echo client': { args: ['tcp-client', '127.0.0.1:{echo}'] },
  'echo client, no listening': { args: ['tcp-client', '127.0.0.1:{echo}'], grant: ['--net', '127.0.0.1/tcp'] },
  'echo server': { args: ['tcp-server', '127.0.0.1:0', '3'], talk: 'tcp' },
  'echo server, no connecting': {
    args: ['tcp-server', '127.0.0.1:0', '3'],
    talk: 'tcp',
    grant: ['--listen', '127.0.0.1:0/tcp'],
  },
  'self, IPv4': { args: ['tcp-self', '4'] },
  'self, IPv6': { args: ['tcp-self', '6'] },
  'half-closed': { args: ['tcp-half'] },
  options: { args: ['tcp-options'] },
  'many connections': { args: ['tcp-many', '40'] },
  'echo of megabytes': { args: ['tcp-big', '127.0.0.1:{echo}', '8'] },
  refused: { args: ['tcp-connect', '127.0.0.1:{closed}'] },
  'invalid remote': { args: ['tcp-connect', '127.0.0.1:0'] },
  'unspecified remote': { args: ['tcp-connect', '0.0.0.0:80'] },
  'multicast remote': { args: ['tcp-connect', '224.0.0.1:80'] },
  'mapped remote': { args: ['tcp-connect', '[::ffff:127.0.0.1]:{echo}'] },
  'bound twice': { args: ['tcp-bind', '127.0.0.1:0'] },
  'bound to an address of another machine': {
    args: ['tcp-bind', '192.0.2.1:0'],
    grant: ['--listen', '192.0.2.1:0'],
  },
  'without waiting': { args: ['tcp-wait'] },
  reset: { args: ['tcp-reset', '127.0.0.1:{reset}'] },
  'written and ended': { args: ['tcp-drop', '127.0.0.1:{sink}', '2048'] },
  'datagram client': { args: ['udp-client', '127.0.0.1:{udp-echo}'] },
  'datagram client, no listening': {
    args: ['udp-client', '127.0.0.1:{udp-echo}'],
    grant: ['--net', '127.0.0.1:{udp-echo}/udp'],
  },
  'datagram server': { args: ['udp-server', '127.0.0.1:0', '3'], talk: 'udp' },
  'datagram server, no connecting': {
    args: ['udp-server', '127.0.0.1:0', '3'],
    talk: 'udp',
    grant: ['--listen', '127.0.0.1:0/udp'],
  },
  'datagrams to itself, IPv4': { args: ['udp-self', '4'] },
  'datagrams to itself, IPv6': { args: ['udp-self', '6'] },
  'options of UDP': { args: ['udp-options'] },
  'large datagrams': { args: ['udp-large'] },
  'datagram to port 0': { args: ['udp-send', '127.0.0.1:0'] },
  'look-up': {
    args: ['lookup', 'localhost', '127.0.0.1', '::1', 'a name', 'no-such-name.invalid'],
    grant: ['--lookup', '*'],
  },
  'connection by name': { args: ['lookup-connect', 'localhost:{echo}'] },
  'denied connection': { args: ['tcp-connect', '127.0.0.1:{echo}'], denied: true },
  'denied listening': { args: ['tcp-bind', '127.0.0.1:0'], denied: true },
  'denied datagrams': { args: ['udp-send', '127.0.0.1:{udp-echo}'], denied: true },
  'denied look-up': { args: ['lookup', 'localhost'], denied: true },
  'denied connection by name': {
    args: ['lookup-connect', 'localhost:{echo}'],
    denied: true,
    decided: {
      why: 'a look-up that is not granted is denied; the peer says that the resolver failed',
      lines: { 'error Uncategorized': 'error PermissionDenied' },
    },
  },
};
