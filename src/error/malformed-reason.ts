/**
 * Every reason for which bytes are malformed: a stable code and the sentence. The wording holds the parts of sentences that the
 * reference suite asks for. What breaks a rule of validation is not here (`src/validate/reasons.ts`).
 */

export interface MalformedReason {
  readonly code: string;
  readonly message: string;
}

function because(code: string, message: string): MalformedReason {
  return { code, message };
}

function hex(byte: number): string {
  return `0x${byte.toString(16)}`;
}

export const malformed = {
  // the first eight bytes
  notWasm: () => because('not-wasm', 'bad magic number: this is not WebAssembly'),
  truncated: () => because('truncated', 'unexpected end-of-file within the first 8 bytes'),
  unknownVersion: (found: string) => because('unknown-version', `unknown binary version: ${found}`),
  coreModule: () =>
    because('core-module', 'expected a version header for a component: this is a core module, not a component'),
  notCoreModule: () => because('not-core-module', 'expected a version header for a module: this is a component'),

  // scalars
  unexpectedEnd: (where?: string) =>
    because('unexpected-end', `unexpected end-of-file${where === undefined ? '' : `: ${where}`}`),
  lebTooLong: () => because('leb-too-long', 'integer representation too long'),
  lebTooLarge: () => because('leb-too-large', 'integer too large'),
  invalidUtf8: () => because('invalid-utf8', 'malformed UTF-8 encoding'),
  nameTooLong: (length: number, limit: number) =>
    because('name-too-long', `string size out of bounds: ${length} bytes, at most ${limit}`),
  leadingByte: (byte: number, what: string) =>
    because('invalid-leading-byte', `invalid leading byte (${hex(byte)}) for ${what}`),
  invalidBoolean: (byte: number, what: string) =>
    because('invalid-boolean', `invalid boolean value (${hex(byte)}) for ${what}`),

  // sections
  sectionId: (id: number) => because('unknown-section', `malformed section id: ${id}`),
  sectionSize: () => because('section-size', 'section size mismatch: unexpected data at the end of the section'),
  sectionOrder: () => because('section-order', 'section out of order'),
  nestedTooDeep: (what: string, limit: number) =>
    because('nested-too-deep', `${what} are nested more than ${limit} levels deep`),
  duplicateAttribute: (label: string) => because('duplicate-attribute', `duplicate '${label}' option in name`),
  gatedByte: (byte: number, what: string, meaning: string, gate: string) =>
    because(
      'feature-unsupported',
      `invalid leading byte (${hex(byte)}) for ${what}: ${meaning} requires the feature ${gate}, which this version does not read`,
    ),
  gated: (what: string, gate: string) =>
    because('feature-unsupported', `${what} requires the feature ${gate}, which this version does not read`),

  // core modules
  codeCount: (functions: number, bodies: number) =>
    because(
      'inconsistent-lengths',
      `function and code section have inconsistent lengths: ${functions} functions, ${bodies} bodies`,
    ),
  dataCount: (declared: number, segments: number) =>
    because(
      'inconsistent-lengths',
      `data count and data section have inconsistent lengths: ${declared} declared, ${segments} segments`,
    ),
  heapType: () => because('invalid-heap-type', 'invalid abstract heap type'),
  limitsFlags: (what: string) => because('invalid-limits', `invalid ${what} limits flags`),
  tableElement: () => because('invalid-table', 'malformed reference type: a table holds references'),
  constantExpression: (opcode: number) =>
    because('constant-expression', `constant expression required, found opcode ${hex(opcode)}`),
  pageSize: (log: number) => because('invalid-page-size', `invalid custom page size: 2 to the power of ${log}`),

  // instructions
  unknownOpcode: (opcode: string) => because('unknown-opcode', `illegal opcode ${opcode}`),
  tooManyLocals: (limit: number) => because('too-many-locals', `too many locals: a function has at most ${limit}`),
  bodySize: () => because('body-size', 'function body size mismatch: unexpected data behind the end of a function'),
  misplaced: (name: string, where: string) =>
    because('misplaced-instruction', `\`${name}\` stands outside of ${where}`),
  memoryFlags: () => because('invalid-memory-flags', 'malformed memop flags'),
  castFlags: () => because('invalid-cast-flags', 'malformed br_on_cast flags'),
  handler: (byte: number) => because('invalid-handler', `invalid leading byte (${hex(byte)}) for a handler`),
} as const;
