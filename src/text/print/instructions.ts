/** The instructions by their opcodes: the parser's tables turned round. Structured instructions are in `expression.ts`. */
import { INSTRUCTIONS } from '../core/instructions.ts';
import type { Immediates } from '../core/opcodes.ts';
import { castTarget, type PrintImmediates, printerOf, selectTypes } from './immediates.ts';

export interface PrintedInstruction {
  readonly name: string;
  readonly print: PrintImmediates;
  /** True if a module with this instruction has a data count section. */
  readonly usesData: boolean;
}

type ByNumber = readonly (PrintedInstruction | undefined)[];

interface ByOpcode {
  /** Instructions of one byte. */
  readonly single: ByNumber;
  /** By the byte in front, then by the number behind it. */
  readonly prefixed: ReadonlyMap<number, ByNumber>;
}

const SELECT_TYPED = 0x1c;

const USING_DATA: readonly Immediates[] = ['data', 'memory and data', 'type and data'];

/** The number behind a prefix, LEB128 of at most two bytes. */
function numberOf([, low = 0, high = 0]: readonly number[]): number {
  return (low & 0x7f) | (high << 7);
}

function byOpcode(): ByOpcode {
  const single: PrintedInstruction[] = [];
  const prefixed = new Map<number, PrintedInstruction[]>();
  for (const [name, { code, immediates }] of INSTRUCTIONS) {
    const usesData = USING_DATA.includes(immediates);
    const [first = 0] = code;
    const group = code.length === 1 ? single : (prefixed.get(first) ?? []);
    if (code.length > 1) prefixed.set(first, group);
    const opcode = code.length === 1 ? first : numberOf(code);
    group[opcode] = { name, print: printerOf(immediates), usesData };
    // These have two opcodes.
    if (immediates === 'ref type') group[opcode + 1] = { name, print: castTarget(true), usesData };
    if (immediates === 'select') group[SELECT_TYPED] = { name, print: selectTypes, usesData };
  }
  return { single, prefixed };
}

export const { single: SINGLE, prefixed: PREFIXED } = byOpcode();
