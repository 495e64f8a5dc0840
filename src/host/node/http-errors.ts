/** From Node's errors to the codes of `wasi:http/types.error-code`. */
import { HttpFailure } from '../http.ts';
import { systemCode } from './errors.ts';

/** No address that a name leads to may be reached. */
export function prohibited(): HttpFailure {
  return new HttpFailure('destination-IP-prohibited');
}

const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection-refused',
  ECONNRESET: 'connection-terminated',
  EPIPE: 'connection-terminated',
  ETIMEDOUT: 'connection-timeout',
  EHOSTUNREACH: 'destination-IP-unroutable',
  ENETUNREACH: 'destination-IP-unroutable',
  EADDRNOTAVAIL: 'destination-IP-unroutable',
  EMFILE: 'connection-limit-reached',
  ENFILE: 'connection-limit-reached',
};

/** The platform's look-up does not say more than whether there is an answer. RFC 2136, section 2.2. */
const RCODES: Readonly<Record<string, string>> = { ENOTFOUND: 'NXDOMAIN', EAI_AGAIN: 'SERVFAIL' };

const CERTIFICATE = /CERT|SELF_SIGNED|ISSUER|^ERR_TLS_CERT|CRL|UNABLE_TO_VERIFY/;

function isLookup(error: unknown): boolean {
  return (error as { readonly syscall?: unknown }).syscall === 'getaddrinfo';
}

function tagOf(code: string, error: unknown): HttpFailure {
  const cause = { cause: error, message: code };
  if (isLookup(error) || code.startsWith('EAI_'))
    return new HttpFailure('DNS-error', { val: { rcode: RCODES[code], infoCode: undefined }, ...cause });
  const tag = CODES[code];
  if (tag !== undefined) return new HttpFailure(tag, cause);
  if (code === 'HPE_HEADER_OVERFLOW')
    return new HttpFailure('HTTP-response-header-section-size', { val: undefined, ...cause });
  if (code.startsWith('HPE_')) return new HttpFailure('HTTP-protocol-error', cause);
  if (CERTIFICATE.test(code)) return new HttpFailure('TLS-certificate-error', cause);
  if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') || code === 'EPROTO')
    return new HttpFailure('TLS-protocol-error', cause);
  return new HttpFailure('internal-error', { val: code, ...cause });
}

/** What the guest is told. */
export function failureOf(error: unknown): HttpFailure {
  if (error instanceof HttpFailure) return error;
  // Several addresses were tried.
  if (error instanceof AggregateError && error.errors.length > 0) return failureOf(error.errors[0]);
  const code = systemCode(error);
  if (code !== undefined) return tagOf(code, error);
  return new HttpFailure('internal-error', { val: 'the request could not be sent', cause: error });
}
