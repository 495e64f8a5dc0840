/** From the operating system's error codes to WASI's words. */
import { HostError, type HostErrorCode } from '../host.ts';

const CODES: Readonly<Record<string, HostErrorCode>> = {
  EACCES: 'access',
  EAGAIN: 'would-block',
  EALREADY: 'already',
  EBADF: 'bad-descriptor',
  EBUSY: 'busy',
  EDEADLK: 'deadlock',
  EDQUOT: 'quota',
  EEXIST: 'exist',
  EFBIG: 'file-too-large',
  EILSEQ: 'illegal-byte-sequence',
  EINPROGRESS: 'in-progress',
  EINTR: 'interrupted',
  EINVAL: 'invalid',
  EIO: 'io',
  EISDIR: 'is-directory',
  ELOOP: 'loop',
  // Files that are open at once run out like memory does; 0.2 has no word of its own.
  EMFILE: 'insufficient-memory',
  EMLINK: 'too-many-links',
  EMSGSIZE: 'message-size',
  ENAMETOOLONG: 'name-too-long',
  ENFILE: 'insufficient-memory',
  ENODEV: 'no-device',
  ENOENT: 'no-entry',
  ENOLCK: 'no-lock',
  ENOMEM: 'insufficient-memory',
  ENOSPC: 'insufficient-space',
  ENOSYS: 'unsupported',
  ENOTDIR: 'not-directory',
  ENOTEMPTY: 'not-empty',
  ENOTRECOVERABLE: 'not-recoverable',
  ENOTSUP: 'unsupported',
  ENOTTY: 'no-tty',
  ENXIO: 'no-such-device',
  EOPNOTSUPP: 'unsupported',
  EOVERFLOW: 'overflow',
  EPERM: 'not-permitted',
  EPIPE: 'pipe',
  ECONNRESET: 'pipe',
  EOF: 'pipe',
  EROFS: 'read-only',
  ESPIPE: 'invalid-seek',
  ETXTBSY: 'text-file-busy',
  EXDEV: 'cross-device',
  ERR_INVALID_ARG_VALUE: 'invalid',
  ERR_OUT_OF_RANGE: 'invalid',
  ERR_STREAM_DESTROYED: 'pipe',
  ERR_STREAM_WRITE_AFTER_END: 'pipe',
};

/** The operating system's code of an error, if it has one. */
export function systemCode(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/**
 * What the guest is told. The message does not name the host's path, which is not the guest's to know; an error that is not the
 * operating system's is given back as it is, since it is ours.
 */
export function hostError(error: unknown): unknown {
  if (error instanceof HostError) return error;
  const code = systemCode(error);
  const mapped = code === undefined ? undefined : CODES[code];
  if (mapped !== undefined) return new HostError(mapped, `${mapped} (${code})`, error);
  const system = typeof (error as { errno?: unknown } | undefined)?.errno === 'number';
  return system ? new HostError('io', `io (${code})`, error) : error;
}

/** Runs `body`; the operating system's errors leave it as HostErrors. */
export function hostCall<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw hostError(error);
  }
}
