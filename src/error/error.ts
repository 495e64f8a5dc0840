/**
 * Every error that Tenon throws: an ordinary error of the web platform with a stable code, a place, what was expected, what was
 * found and what to do next. Traps have a room of their own (`trap.ts`).
 */

/** What an error can say besides its message. Fields that do not apply are undefined. */
export interface Details {
  /** Byte offset in the outermost binary. */
  readonly offset?: number | undefined;
  /** Path of the item, such as `component 0 > instance 2 > export "x"`, or a WIT path such as `ns:pkg/iface#func`. */
  readonly path?: string | undefined;
  readonly expected?: string | undefined;
  readonly found?: string | undefined;
  /** What to do next, one sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

function describe(message: string, details: Details): string {
  let text = message;
  if (details.expected !== undefined) text += `; expected ${details.expected}`;
  if (details.found !== undefined)
    text += details.expected === undefined ? `; found ${details.found}` : `, found ${details.found}`;
  if (details.path !== undefined) text += ` (in ${details.path})`;
  if (details.offset !== undefined) text += ` (at offset 0x${details.offset.toString(16)})`;
  return text;
}

function withCause(details: Details): ErrorOptions {
  return details.cause === undefined ? {} : { cause: details.cause };
}

// Read in a call that a bundler may leave out: else it would keep every class that extends them.
const CompileError = /* @__PURE__ */ (() => WebAssembly.CompileError)();
const CoreLinkError = /* @__PURE__ */ (() => WebAssembly.LinkError)();

/** The bytes are not what the binary format allows. */
export class MalformedError extends CompileError {
  override readonly name = 'MalformedError';
  readonly code: string;
  readonly details: Details;
  constructor(code: string, message: string, details: Details = {}) {
    // The web's own constructor takes options in every engine that we run on; the library's declaration lags behind.
    super(...([describe(message, details), withCause(details)] as unknown as [string]));
    this.code = code;
    this.details = details;
  }
}

/** The bytes can be read, but break a rule of the specification. */
export class ValidationError extends CompileError {
  override readonly name = 'ValidationError';
  readonly code: string;
  readonly details: Details;
  constructor(code: string, message: string, details: Details = {}) {
    super(...([describe(message, details), withCause(details)] as unknown as [string]));
    this.code = code;
    this.details = details;
  }
}

/** One import that could not be satisfied. */
export interface Mismatch {
  /** WIT path of the import, such as `wasi:cli/environment@0.2.0#get-arguments`. */
  readonly path: string;
  readonly problem: 'missing' | 'wrong-type';
  readonly expected: string;
  readonly found: string | undefined;
  /** Names that were offered and are near. */
  readonly near: readonly string[];
  /** Versions of the same interface that were offered. */
  readonly versions: readonly string[];
}

/** A component and what it was given do not fit. `mismatches` lists every import that did not. */
export class LinkError extends CoreLinkError {
  override readonly name = 'LinkError';
  readonly code: string;
  readonly details: Details;
  readonly mismatches: readonly Mismatch[];
  constructor(code: string, message: string, details: Details = {}, mismatches: readonly Mismatch[] = []) {
    super(...([describe(message, details), withCause(details)] as unknown as [string]));
    this.code = code;
    this.details = details;
    this.mismatches = mismatches;
  }
}

/** A JavaScript value does not fit the WIT type that it was passed for. */
export class ValueError extends TypeError {
  override readonly name = 'ValueError';
  readonly code: string;
  readonly details: Details;
  constructor(code: string, message: string, details: Details = {}) {
    super(describe(message, details), withCause(details));
    this.code = code;
    this.details = details;
  }
}

/** The host used the API in a state that does not allow it, such as a call into an instance that waits (`instance-busy`). */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
  readonly code: string;
  readonly details: Details;
  constructor(code: string, message: string, details: Details = {}) {
    super(describe(message, details), withCause(details));
    this.code = code;
    this.details = details;
  }
}

/** Text (WAT, WIT, WAVE) that cannot be parsed. The message ends with a code frame. */
export class TextError extends SyntaxError {
  override readonly name: string = 'TextError';
  readonly code: string;
  readonly details: Details;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 code units. */
  readonly column: number;
  constructor(
    code: string,
    message: string,
    position: { file?: string; line: number; column: number; frame?: string },
    details: Details = {},
  ) {
    const where = `${position.file ?? '<text>'}:${position.line}:${position.column}`;
    super(
      `${where}: ${describe(message, details)}${position.frame === undefined ? '' : `\n${position.frame}`}`,
      withCause(details),
    );
    this.code = code;
    this.details = details;
    this.line = position.line;
    this.column = position.column;
  }
}

/** The error of a WIT `result`, thrown by an export whose result was `err`; a host import may throw one to answer `err`. */
export class ComponentError extends Error {
  override readonly name = 'ComponentError';
  /** The error value, in the JavaScript form of its WIT type. */
  readonly payload: unknown;
  constructor(payload: unknown) {
    super(typeof payload === 'string' ? payload : 'the component answered with an error (see error.payload)');
    this.payload = payload;
  }
}
