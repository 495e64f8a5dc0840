/**
 * How the program of `src/wasi`, which calls every function of WASI 0.2, is called: the same for the peer and for Tenon. Where the outcomes
 * differ by decision, `decided` has the reason, and the lines that stand in place of the peer's.
 */
import type { CaseSpec } from '../cases.ts';

export interface Differs {
  readonly why: string;
  /** By the peer's line: what stands there instead, or `null` for nothing. */
  readonly lines: Readonly<Record<string, string | null>>;
}

export interface WasiCase extends CaseSpec {
  /** Flags of Tenon, and of the peer, that let the program reach what it asks for. */
  readonly tenon?: readonly string[];
  readonly peer?: readonly string[];
  /** A client asks the program, instead of its being run. */
  readonly serves?: boolean;
  readonly differs?: Differs;
}

const DATA = { '/data': { digits: '0123456789', 'dir/inner': 'inner', second: 'second' } };
const FILES = { dirs: DATA };
const NETWORK = {
  tenon: ['--inherit-network'],
  peer: ['-S', 'inherit-network=y,allow-ip-name-lookup=y'],
};
/** The peer always lets it ask over HTTP. */
const HTTP = { tenon: ['--http', 'http://127.0.0.1:*', '--http', '*'] };

const MISUSES = ['flush-too-much', 'zeroes-too-many', 'poll-nothing', 'parent-before-child'];

export const WASI_CASES: Readonly<Record<string, WasiCase>> = {
  environment: { args: ['environment', 'b c', 'ü', ''], env: { ONE: '1', EMPTY: '', Ü: 'ö' }, stdin: 'some text' },
  'exit-ok': { args: ['exit', 'ok'] },
  'exit-error': { args: ['exit', 'error'] },
  clocks: { args: ['clocks'] },
  random: { args: ['random'] },
  input: { args: ['input'], stdin: '0123456789', ...FILES },
  output: { args: ['output'], ...FILES },
  splice: { args: ['splice'], ...FILES },
  poll: { args: ['poll'] },
  'misuse-write-without-permit': {
    args: ['misuse', 'write-without-permit'],
    differs: {
      why: 'the WIT says that a write of more than check-write permitted traps',
      lines: { 'exit 0': 'exit trap', 'nobody askedno trap': null },
    },
  },
  ...Object.fromEntries(MISUSES.map((what) => [`misuse-${what}`, { args: ['misuse', what] }])),
  descriptors: {
    args: ['descriptors'],
    ...FILES,
    differs: {
      why:
        'nothing was asked, so no end was seen; flags say what the descriptor may do; reading a directory fails as in POSIX; positions ' +
        'beyond what the system counts are beyond the end, and too large to write at; a file that is not open for writing is a wrong descriptor',
      lines: {
        'descriptor.read file none Ok(([], true))': 'descriptor.read file none Ok(([], false))',
        'descriptor.get-flags dir Ok(DescriptorFlags { bits: 1 })':
          'descriptor.get-flags dir Ok(DescriptorFlags { bits: 33 })',
        ...Object.fromEntries(
          ['dir', 'dir end', 'dir none', 'preopen', 'preopen end', 'preopen none'].map((which) => [
            `descriptor.read ${which} Err(bad-descriptor)`,
            `descriptor.read ${which} Err(is-directory)`,
          ]),
        ),
        'descriptor.write at the very end Err(invalid)': 'descriptor.write at the very end Err(file-too-large)',
        'descriptor.read far Err(invalid)': 'descriptor.read far Ok(([], true))',
        'descriptor.set-size far invalid': 'descriptor.set-size far file-too-large',
        'descriptor.set-size to read invalid': 'descriptor.set-size to read bad-descriptor',
      },
    },
  },
  paths: {
    args: ['paths'],
    ...FILES,
    differs: {
      why: 'a path that ends in a slash leads to a directory or nowhere; a link that is to be followed has a file to give a second name',
      lines: {
        'descriptor.stat-at "digits/" Ok(DescriptorType::RegularFile)':
          'descriptor.stat-at "digits/" Err(not-directory)',
        'descriptor.metadata-hash-at "digits/" ok': 'descriptor.metadata-hash-at "digits/" not-directory',
        'descriptor.stat-at link/ kept Ok(DescriptorType::SymbolicLink)':
          'descriptor.stat-at link/ kept Err(not-directory)',
        'descriptor.metadata-hash-at link/ kept ok': 'descriptor.metadata-hash-at link/ kept not-directory',
        'descriptor.link-at followed invalid': 'descriptor.link-at followed ok',
      },
    },
  },
  streams: {
    args: ['streams'],
    ...FILES,
    differs: {
      why: 'a file that is not open for reading has no stream to read, which the peer says at the first read',
      lines: {
        'descriptor.read-via-stream to write ok': 'descriptor.read-via-stream to write bad-descriptor',
      },
    },
  },
  times: {
    args: ['times'],
    ...FILES,
    differs: {
      why: 'the WIT says that nanoseconds are less than a second',
      lines: { 'descriptor.set-times much ok': 'descriptor.set-times much invalid' },
    },
  },
  'tcp-ipv4': { args: ['tcp', 'ipv4'], ...NETWORK },
  'tcp-ipv6': { args: ['tcp', 'ipv6'], ...NETWORK },
  'tcp-options': { args: ['tcp-options'], ...NETWORK },
  names: { args: ['names'], ...NETWORK },
  'udp-ipv4': { args: ['udp', 'ipv4'], ...NETWORK },
  'udp-ipv6': { args: ['udp', 'ipv6'], ...NETWORK },
  'udp-options': { args: ['udp-options'], ...NETWORK },
  fields: { args: ['fields'], ...HTTP },
  messages: {
    args: ['messages'],
    ...HTTP,
    differs: {
      why:
        'a fragment is never sent; OPTIONS may ask for `*`; no scheme is empty; an informational status cannot be the answer, ' +
        'and the peer fails when it is sent',
      lines: {
        'outgoing-request.set-path-with-query "/#f" Ok(())': 'outgoing-request.set-path-with-query "/#f" Err(())',
        'outgoing-request.set-path-with-query "*" Err(())': 'outgoing-request.set-path-with-query "*" Ok(())',
        'outgoing-request.set-scheme "" Ok(())': 'outgoing-request.set-scheme "" Err(())',
        'outgoing-response.set-status-code 100 Ok(())': 'outgoing-response.set-status-code 100 Err(())',
      },
    },
  },
  ask: {
    args: ['ask', '127.0.0.1:{port}'],
    ...HTTP,
    differs: {
      why: 'a body that was cut short has its error code; trailers are sent whether or not a field announced them',
      lines: {
        'outgoing-handler.handle /cut 200 [] "begun" false': 'outgoing-handler.handle /cut 200 [] "begun" true',
        'outgoing-handler.handle echo 200 ["x-trailer=undefined"] "one two" no trailers':
          'outgoing-handler.handle echo 200 ["x-trailer=last"] "one two" no trailers',
      },
    },
  },
  /** The program serves: what a client is answered, to one request with a body and trailers. */
  serve: {
    serves: true,
    differs: {
      why: 'trailers are sent whether or not a field announced them',
      lines: { 'x-end: undefined': 'x-end: end' },
    },
  },
};
