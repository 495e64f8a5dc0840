/** From the operating system's error codes to the words of `wasi:sockets`. */
import { HostError } from '../host.ts';
import { SocketError, type SocketErrorCode } from '../sockets.ts';
import { systemCode } from './errors.ts';

const CODES: Readonly<Record<string, SocketErrorCode>> = {
  EACCES: 'access-denied',
  EPERM: 'access-denied',
  EAFNOSUPPORT: 'not-supported',
  ENOTSUP: 'not-supported',
  EOPNOTSUPP: 'not-supported',
  EPROTONOSUPPORT: 'not-supported',
  EINVAL: 'invalid-argument',
  EDESTADDRREQ: 'invalid-argument',
  ENOMEM: 'out-of-memory',
  ENOBUFS: 'out-of-memory',
  ETIMEDOUT: 'timeout',
  EMFILE: 'new-socket-limit',
  ENFILE: 'new-socket-limit',
  EADDRNOTAVAIL: 'address-not-bindable',
  EADDRINUSE: 'address-in-use',
  EHOSTUNREACH: 'remote-unreachable',
  EHOSTDOWN: 'remote-unreachable',
  ENETUNREACH: 'remote-unreachable',
  ENETDOWN: 'remote-unreachable',
  ENONET: 'remote-unreachable',
  ECONNREFUSED: 'connection-refused',
  ECONNRESET: 'connection-reset',
  ECONNABORTED: 'connection-aborted',
  EMSGSIZE: 'datagram-too-large',
  ENOTFOUND: 'name-unresolvable',
  ENODATA: 'name-unresolvable',
  EAI_NONAME: 'name-unresolvable',
  EAI_NODATA: 'name-unresolvable',
  EAI_ADDRFAMILY: 'name-unresolvable',
  EAI_AGAIN: 'temporary-resolver-failure',
  EAI_FAIL: 'permanent-resolver-failure',
  EAI_MEMORY: 'out-of-memory',
};

/** What the guest is told. An error that is not the system's is given back as it is, since it is ours. */
export function socketError(error: unknown, fallback: SocketErrorCode = 'unknown'): unknown {
  if (error instanceof SocketError) return error;
  const code = systemCode(error);
  if (code === undefined || code.startsWith('ERR_')) return error;
  return new SocketError(CODES[code] ?? fallback, code, error);
}

/** The same, for a stream: the other side's going is `pipe`, every other failure `io` with the SocketError as its cause. */
export function streamError(error: unknown): unknown {
  const told = socketError(error);
  if (!(told instanceof SocketError)) return error;
  const pipe = systemCode(error) === 'EPIPE';
  return new HostError(pipe ? 'pipe' : 'io', told.message, told);
}

/** Runs `body`; the system's errors leave it as SocketErrors. */
export function socketCall<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw socketError(error);
  }
}
