/** All instructions by their names, but for the structured ones (`opcodes-structured.ts`). */
import { type Instruction, PLAIN } from './opcodes.ts';
import { ATOMIC } from './opcodes-atomic.ts';
import { SIMD } from './opcodes-simd.ts';

export const INSTRUCTIONS: ReadonlyMap<string, Instruction> = new Map(Object.entries({ ...PLAIN, ...SIMD, ...ATOMIC }));
