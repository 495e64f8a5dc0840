/** Error numbers of preview 1 (`typenames.witx`, `errno`). */
import { HostError, type HostErrorCode } from '../../host/host.ts';

export const SUCCESS = 0;
export const BADF = 8;
export const FAULT = 21;
export const ILSEQ = 25;
export const INVAL = 28;
export const ISDIR = 31;
export const MFILE = 33;
export const NAMETOOLONG = 37;
export const NOENT = 44;
export const NOTDIR = 54;
export const NOTSOCK = 57;
export const NOTSUP = 58;
export const OVERFLOW = 61;
export const SPIPE = 70;
export const NOTCAPABLE = 76;

const NUMBERS: Readonly<Record<HostErrorCode, number>> = {
  access: 2,
  'would-block': 6,
  already: 7,
  'bad-descriptor': BADF,
  busy: 10,
  deadlock: 16,
  quota: 19,
  exist: 20,
  'file-too-large': 22,
  'illegal-byte-sequence': ILSEQ,
  'in-progress': 26,
  interrupted: 27,
  invalid: INVAL,
  io: 29,
  'is-directory': ISDIR,
  loop: 32,
  'too-many-links': 34,
  'message-size': 35,
  'name-too-long': NAMETOOLONG,
  'no-device': 43,
  'no-entry': NOENT,
  'no-lock': 46,
  'insufficient-memory': 48,
  'insufficient-space': 51,
  'not-directory': NOTDIR,
  'not-empty': 55,
  'not-recoverable': 56,
  unsupported: NOTSUP,
  'no-tty': 59,
  'no-such-device': 60,
  overflow: OVERFLOW,
  'not-permitted': 63,
  pipe: 64,
  'read-only': 69,
  'invalid-seek': SPIPE,
  'text-file-busy': 74,
  'cross-device': 75,
};

/** The number of a host's error. */
export function errnoOf(code: HostErrorCode): number {
  return NUMBERS[code];
}

/** Leaves a function of preview 1 with an error number. */
export class Errno extends Error {
  override readonly name = 'Errno';
  readonly errno: number;
  constructor(errno: number) {
    super(`errno ${errno}`);
    this.errno = errno;
  }
}

/** Leaves the function with `errno`. */
export function fail(errno: number): never {
  throw new Errno(errno);
}

/** The number to answer for what a function threw; other errors are not the guest's business and go on. */
export function answer(error: unknown): number {
  if (error instanceof Errno) return error.errno;
  if (error instanceof HostError) return errnoOf(error.code);
  throw error;
}
