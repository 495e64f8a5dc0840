/** Error contexts: an immutable message with handles that are copies. Specification: CanonicalABI.md, "Error Context". */
import { ERROR_CONTEXT, type HandleObject } from './object-handles.ts';

/** What went wrong, for people who debug: components pass it on, and decide nothing by it. */
export class ErrorContext implements HandleObject {
  /** @internal */
  readonly tableType = ERROR_CONTEXT;
  /** The message; a host may have shortened or emptied it. */
  readonly debugMessage: string;
  /** For TypeScript: an object that only looks like one will not do. */
  declare protected readonly nominal: never;

  constructor(debugMessage: string) {
    this.debugMessage = debugMessage;
  }
}
