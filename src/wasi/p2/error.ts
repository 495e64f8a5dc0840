/** `wasi:io/error`. */
import { HostError, type HostErrorCode } from '../../host/host.ts';
import { HttpFailure } from '../../host/http.ts';
import { SocketError } from '../../host/sockets.ts';

/** The resource `error`: why a stream failed. */
export class IoError {
  readonly #reason: unknown;

  constructor(reason: unknown) {
    this.#reason = reason;
  }

  /** The file system's code, where the failure was one of the host's. */
  static codeOf(error: IoError): HostErrorCode | undefined {
    return error.#reason instanceof HostError ? error.#reason.code : undefined;
  }

  /** The failure of an exchange behind it, if it is one. */
  static httpCause(error: IoError): HttpFailure | undefined {
    const reason = error.#reason;
    if (reason instanceof HttpFailure) return reason;
    return reason instanceof HostError && reason.cause instanceof HttpFailure ? reason.cause : undefined;
  }

  /** The failure of a socket behind it, if it is one. */
  static socketCause(error: IoError): SocketError | undefined {
    const reason = error.#reason;
    return reason instanceof HostError && reason.cause instanceof SocketError ? reason.cause : undefined;
  }

  toDebugString(): string {
    return this.#reason instanceof Error ? this.#reason.message : String(this.#reason);
  }
}

/** The interface `wasi:io/error`. */
export const ioError = { Error: IoError };
