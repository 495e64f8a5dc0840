/** Atomic instructions. Specification: the threads proposal, "Atomic Memory Instructions". */
import { type InstructionTable, memoryRun } from './opcodes.ts';

const PREFIX = 0xfe;
const WIDTHS = [
  ['i32.atomic.rmw', '', 4],
  ['i64.atomic.rmw', '', 8],
  ['i32.atomic.rmw8', '_u', 1],
  ['i32.atomic.rmw16', '_u', 2],
  ['i64.atomic.rmw8', '_u', 1],
  ['i64.atomic.rmw16', '_u', 2],
  ['i64.atomic.rmw32', '_u', 4],
] as const;
const OPERATIONS = ['add', 'sub', 'and', 'or', 'xor', 'xchg', 'cmpxchg'];

const readModifyWrite = OPERATIONS.flatMap((operation) =>
  WIDTHS.map(([prefix, suffix, align]) => `${prefix}.${operation}${suffix} ${align}`),
).join(' ');

export const ATOMIC: InstructionTable = {
  ...memoryRun(PREFIX, 0x00, 'memory.atomic.notify 4 memory.atomic.wait32 4 memory.atomic.wait64 8'),
  'atomic.fence': { code: [PREFIX, 0x03], immediates: 'fence' },
  ...memoryRun(
    PREFIX,
    0x10,
    `i32.atomic.load 4 i64.atomic.load 8 i32.atomic.load8_u 1 i32.atomic.load16_u 2 i64.atomic.load8_u 1
     i64.atomic.load16_u 2 i64.atomic.load32_u 4
     i32.atomic.store 4 i64.atomic.store 8 i32.atomic.store8 1 i32.atomic.store16 2 i64.atomic.store8 1
     i64.atomic.store16 2 i64.atomic.store32 4 ${readModifyWrite}`,
  ),
};
