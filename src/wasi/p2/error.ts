/** `wasi:io/error`. */
import { HostError, type HostErrorCode } from '../../host/host.ts';

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

  toDebugString(): string {
    return this.#reason instanceof Error ? this.#reason.message : String(this.#reason);
  }
}

/** The interface `wasi:io/error`. */
export const ioError = { Error: IoError };
