/**
 * The instructions as data: name, opcode, immediates. Specification: core 3.0, "Instruction Index". Vector and atomic instructions
 * are in `opcodes-simd.ts` and `opcodes-atomic.ts`; structured instructions (`block`, `if`, `try_table`) in `expression.ts`.
 */

/** What stands behind an opcode. `memarg` and the forms with lanes carry the natural alignment in bytes. */
export type Immediates =
  | 'none'
  | 'label'
  | 'labels'
  | 'func'
  | 'type'
  | 'type use'
  | 'local'
  | 'global'
  | 'table'
  | 'two tables'
  | 'table and elem'
  | 'elem'
  | 'data'
  | 'tag'
  | 'memory'
  | 'two memories'
  | 'memory and data'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64'
  | 'v128'
  | 'lane'
  | 'lanes'
  | 'select'
  | 'heap type'
  | 'ref type'
  | 'cast'
  | 'type and field'
  | 'type and number'
  | 'type and data'
  | 'type and elem'
  | 'two types'
  | 'type and tag'
  | 'type and handlers'
  | 'type, tag and handlers'
  | 'fence'
  | { readonly memarg: number }
  | { readonly memargLane: number };

export interface Instruction {
  readonly code: readonly number[];
  readonly immediates: Immediates;
}

export type InstructionTable = Readonly<Record<string, Instruction>>;

/** LEB128 of a small opcode behind a prefix. */
export function prefixed(prefix: number, opcode: number): readonly number[] {
  return opcode < 0x80 ? [prefix, opcode] : [prefix, (opcode & 0x7f) | 0x80, opcode >> 7];
}

/** Instructions with consecutive opcodes and the same immediates; `-` leaves one out. */
export function run(
  prefix: number | undefined,
  first: number,
  immediates: Immediates,
  names: string,
): InstructionTable {
  const entries = names
    .trim()
    .split(/\s+/)
    .map((name, i): [string, Instruction] => {
      const opcode = first + i;
      return [name, { code: prefix === undefined ? [opcode] : prefixed(prefix, opcode), immediates }];
    });
  return Object.fromEntries(entries.filter(([name]) => name !== '-'));
}

/** Loads and stores: `name alignment` pairs with consecutive opcodes. */
export function memoryRun(prefix: number | undefined, first: number, names: string, lane = false): InstructionTable {
  const words = names.trim().split(/\s+/);
  const entries: [string, Instruction][] = [];
  for (let i = 0; i < words.length; i += 2) {
    const opcode = first + i / 2;
    const align = Number(words[i + 1]);
    const immediates = lane ? { memargLane: align } : { memarg: align };
    entries.push([words[i]!, { code: prefix === undefined ? [opcode] : prefixed(prefix, opcode), immediates }]);
  }
  return Object.fromEntries(entries);
}

function one(name: string, code: readonly number[], immediates: Immediates = 'none'): InstructionTable {
  return { [name]: { code, immediates } };
}

const CONTROL: InstructionTable = {
  ...run(undefined, 0x00, 'none', 'unreachable nop'),
  ...one('throw', [0x08], 'tag'),
  ...one('rethrow', [0x09], 'label'),
  ...one('throw_ref', [0x0a]),
  ...run(undefined, 0x0c, 'label', 'br br_if'),
  ...one('br_table', [0x0e], 'labels'),
  ...one('return', [0x0f]),
  ...one('call', [0x10], 'func'),
  ...one('call_indirect', [0x11], 'type use'),
  ...one('return_call', [0x12], 'func'),
  ...one('return_call_indirect', [0x13], 'type use'),
  ...run(undefined, 0x14, 'type', 'call_ref return_call_ref'),
  ...one('drop', [0x1a]),
  ...one('select', [0x1b], 'select'),
  ...run(undefined, 0x20, 'local', 'local.get local.set local.tee'),
  ...run(undefined, 0x23, 'global', 'global.get global.set'),
  ...run(undefined, 0x25, 'table', 'table.get table.set'),
  ...one('ref.null', [0xd0], 'heap type'),
  ...one('ref.is_null', [0xd1]),
  ...one('ref.func', [0xd2], 'func'),
  ...one('ref.eq', [0xd3]),
  ...one('ref.as_non_null', [0xd4]),
  ...run(undefined, 0xd5, 'label', 'br_on_null br_on_non_null'),
};

const STACK_SWITCHING: InstructionTable = {
  ...one('cont.new', [0xe0], 'type'),
  ...one('cont.bind', [0xe1], 'two types'),
  ...one('suspend', [0xe2], 'tag'),
  ...one('resume', [0xe3], 'type and handlers'),
  ...one('resume_throw', [0xe4], 'type, tag and handlers'),
  ...one('resume_throw_ref', [0xe5], 'type and handlers'),
  ...one('switch', [0xe6], 'type and tag'),
};

const MEMORY: InstructionTable = {
  ...memoryRun(
    undefined,
    0x28,
    `i32.load 4 i64.load 8 f32.load 4 f64.load 8 i32.load8_s 1 i32.load8_u 1 i32.load16_s 2 i32.load16_u 2
     i64.load8_s 1 i64.load8_u 1 i64.load16_s 2 i64.load16_u 2 i64.load32_s 4 i64.load32_u 4
     i32.store 4 i64.store 8 f32.store 4 f64.store 8 i32.store8 1 i32.store16 2 i64.store8 1 i64.store16 2 i64.store32 4`,
  ),
  ...run(undefined, 0x3f, 'memory', 'memory.size memory.grow'),
  ...one('memory.init', prefixed(0xfc, 8), 'memory and data'),
  ...one('data.drop', prefixed(0xfc, 9), 'data'),
  ...one('memory.copy', prefixed(0xfc, 10), 'two memories'),
  ...one('memory.fill', prefixed(0xfc, 11), 'memory'),
  ...one('memory.discard', prefixed(0xfc, 18), 'memory'),
  ...one('table.init', prefixed(0xfc, 12), 'table and elem'),
  ...one('elem.drop', prefixed(0xfc, 13), 'elem'),
  ...one('table.copy', prefixed(0xfc, 14), 'two tables'),
  ...run(0xfc, 15, 'table', 'table.grow table.size table.fill'),
};

const NUMERIC: InstructionTable = {
  ...one('i32.const', [0x41], 'i32'),
  ...one('i64.const', [0x42], 'i64'),
  ...one('f32.const', [0x43], 'f32'),
  ...one('f64.const', [0x44], 'f64'),
  ...run(
    undefined,
    0x45,
    'none',
    `i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u
     i64.eqz i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u
     f32.eq f32.ne f32.lt f32.gt f32.le f32.ge f64.eq f64.ne f64.lt f64.gt f64.le f64.ge
     i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u
     i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr
     i64.clz i64.ctz i64.popcnt i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u
     i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr
     f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt f32.add f32.sub f32.mul f32.div f32.min f32.max
     f32.copysign
     f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt f64.add f64.sub f64.mul f64.div f64.min f64.max
     f64.copysign
     i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u
     i64.extend_i32_s i64.extend_i32_u i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u
     f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u f32.demote_f64
     f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u f64.promote_f32
     i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64
     i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s`,
  ),
  ...run(
    0xfc,
    0,
    'none',
    `i32.trunc_sat_f32_s i32.trunc_sat_f32_u i32.trunc_sat_f64_s i32.trunc_sat_f64_u
     i64.trunc_sat_f32_s i64.trunc_sat_f32_u i64.trunc_sat_f64_s i64.trunc_sat_f64_u`,
  ),
  ...run(0xfc, 19, 'none', 'i64.add128 i64.sub128 i64.mul_wide_s i64.mul_wide_u'),
};

const GC: InstructionTable = {
  ...run(0xfb, 0, 'type', 'struct.new struct.new_default'),
  ...run(0xfb, 2, 'type and field', 'struct.get struct.get_s struct.get_u struct.set'),
  ...run(0xfb, 6, 'type', 'array.new array.new_default'),
  ...one('array.new_fixed', [0xfb, 8], 'type and number'),
  ...one('array.new_data', [0xfb, 9], 'type and data'),
  ...one('array.new_elem', [0xfb, 10], 'type and elem'),
  ...run(0xfb, 11, 'type', 'array.get array.get_s array.get_u array.set'),
  ...one('array.len', [0xfb, 15]),
  ...one('array.fill', [0xfb, 16], 'type'),
  ...one('array.copy', [0xfb, 17], 'two types'),
  ...one('array.init_data', [0xfb, 18], 'type and data'),
  ...one('array.init_elem', [0xfb, 19], 'type and elem'),
  // The opcode of a nullable target is one higher.
  ...one('ref.test', [0xfb, 20], 'ref type'),
  ...one('ref.cast', [0xfb, 22], 'ref type'),
  ...run(0xfb, 24, 'cast', 'br_on_cast br_on_cast_fail'),
  ...run(0xfb, 26, 'none', 'any.convert_extern extern.convert_any ref.i31 i31.get_s i31.get_u'),
};

export const PLAIN: InstructionTable = { ...CONTROL, ...STACK_SWITCHING, ...MEMORY, ...NUMERIC, ...GC };
