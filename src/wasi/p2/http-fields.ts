/** The resource `fields` of `wasi:http/types`: headers and trailers. RFC 9110, sections 5.1, 5.5 and 7.6.1. */
import { ComponentError } from '../../error/error.ts';
import type { HttpField, HttpFields } from '../../host/http.ts';
import { latin1Bytes, latin1Text } from '../../util/latin1.ts';
import { violated } from './guard.ts';

/** Bytes of one section, each field counted with what it costs to keep: more than any server takes. */
const MAX_SECTION = 1 << 20;
const FIELD_COST = 32;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What belongs to the connection and not to the message, and what the host says itself. */
const FORBIDDEN: ReadonlySet<string> = /* @__PURE__ */ new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

const LENGTH = 'content-length';

/** One that a number holds exactly. */
const IS_LENGTH = /^[0-9]{1,15}$/;
/** Bytes of a value: no controls but the tab. */
const IS_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Whether a field is not a guest's to send or to see. */
export function isForbidden(name: string): boolean {
  return FORBIDDEN.has(name);
}

/** A value as text; what is longer than any section is not read first. */
function textOf(value: Uint8Array): string {
  if (value.length > MAX_SECTION) violated(`fields of more than ${MAX_SECTION} bytes`);
  return latin1Text(value);
}

function refuse(tag: 'invalid-syntax' | 'forbidden' | 'immutable'): never {
  throw new ComponentError({ tag });
}

export class Fields {
  #fields: HttpFields = [];
  /** Whether `#fields` is its own to change. */
  #isOwn = false;
  #size = 0;
  #isMutable = true;

  /** What a guest has made, or what the host has received: then it cannot be changed. */
  static of(fields: HttpFields): Fields {
    const made = new Fields();
    made.#fields = fields;
    made.#isMutable = false;
    return made;
  }

  /** The same, from now on unchangeable: it belongs to a message. */
  static fixed(fields: Fields): Fields {
    fields.#isMutable = false;
    return fields;
  }

  /** The fields that it holds. */
  static list(fields: Fields): HttpFields {
    return fields.#fields;
  }

  static fromList(entries: readonly (readonly [string, Uint8Array])[]): Fields {
    const made = new Fields();
    for (const [name, value] of entries) made.#add(made.#writable(name), textOf(value));
    return made;
  }

  /** The name as it is kept. Throws `header-error` where this cannot be changed, or not so. */
  #writable(name: string): string {
    if (!this.#isMutable) refuse('immutable');
    if (!TOKEN.test(name)) refuse('invalid-syntax');
    const lower = name.toLowerCase();
    if (isForbidden(lower)) refuse('forbidden');
    return lower;
  }

  #add(name: string, value: string): void {
    if (!IS_VALUE.test(value)) refuse('invalid-syntax');
    // Two lengths, or what is none, are read differently by different programs: one of them would lose count.
    if (name === LENGTH && (this.has(LENGTH) || !IS_LENGTH.test(value))) refuse('invalid-syntax');
    this.#size += costOf(name, value);
    if (this.#size > MAX_SECTION) violated(`fields of more than ${MAX_SECTION} bytes`);
    if (!this.#isOwn) {
      this.#fields = [...this.#fields];
      this.#isOwn = true;
    }
    (this.#fields as HttpField[]).push([name, value]);
  }

  get(name: string): Uint8Array[] {
    const lower = name.toLowerCase();
    return this.#fields.filter(([each]) => each === lower).map(([, value]) => latin1Bytes(value));
  }

  has(name: string): boolean {
    const lower = name.toLowerCase();
    return this.#fields.some(([each]) => each === lower);
  }

  set(name: string, value: readonly Uint8Array[]): void {
    const lower = this.#writable(name);
    const texts = value.map(textOf);
    if (!texts.every((text) => IS_VALUE.test(text))) refuse('invalid-syntax');
    this.#remove(lower);
    for (const text of texts) this.#add(lower, text);
  }

  delete(name: string): void {
    this.#remove(this.#writable(name));
  }

  #remove(name: string): void {
    this.#fields = this.#fields.filter(([each]) => each !== name);
    this.#isOwn = true;
    this.#size = this.#fields.reduce((sum, [each, value]) => sum + costOf(each, value), 0);
  }

  append(name: string, value: Uint8Array): void {
    this.#add(this.#writable(name), textOf(value));
  }

  entries(): [string, Uint8Array][] {
    return this.#fields.map(([name, value]) => [name, latin1Bytes(value)]);
  }

  clone(): Fields {
    const made = new Fields();
    made.#fields = this.#fields;
    this.#isOwn = false;
    made.#size = this.#size;
    return made;
  }
}

function costOf(name: string, value: string): number {
  return name.length + value.length + FIELD_COST;
}

/** The `content-length` that fields name; undefined if they name none, or not one number. */
export function contentLength(fields: HttpFields): bigint | undefined {
  let length: string | undefined;
  for (const [name, value] of fields) {
    if (name !== 'content-length') continue;
    if (!/^\d{1,19}$/.test(value) || (length !== undefined && length !== value)) return undefined;
    length = value;
  }
  return length === undefined ? undefined : BigInt(length);
}
