/** Skips constant expressions: tables and globals have them before the next item. Types are not checked. Specification: core 3.0, "Constant expressions". */
import { malformed } from '../error/malformed-reason.ts';
import type { Reader } from './reader.ts';

/** Instructions that a constant expression may hold, and how many LEB128 immediates each has. */
const CONSTANT: Readonly<Record<number, number>> = {
  65: 1,
  66: 1,
  35: 1,
  208: 1,
  210: 1,
  106: 0,
  107: 0,
  108: 0,
  124: 0,
  125: 0,
  126: 0,
};

/** Immediates of the 0xfb (GC) instructions that may stand in constant expressions. */
const CONSTANT_GC: Readonly<Record<number, number>> = { 0: 1, 1: 1, 6: 1, 7: 1, 8: 2, 26: 0, 27: 0, 28: 0 };

function skipLeb(r: Reader): void {
  for (let i = 0; i < 10; i++) if (r.byte() < 0x80) return;
  r.fail(malformed.lebTooLong());
}

/** Skips a constant expression, `end` included. */
export function skipExpression(r: Reader): void {
  for (;;) {
    const from = r.at;
    const opcode = r.byte();
    if (opcode === 0x0b) return;
    let immediates: number | undefined;
    if (opcode === 0x43 || opcode === 0x44) {
      r.sub(opcode === 0x43 ? 4 : 8);
      continue;
    }
    if (opcode === 0xfd) {
      if (r.u32() !== 12) r.fail(malformed.constantExpression(opcode), from);
      r.sub(16);
      continue;
    }
    if (opcode === 0xfb) immediates = CONSTANT_GC[r.u32()];
    else immediates = CONSTANT[opcode];
    if (immediates === undefined) r.fail(malformed.constantExpression(opcode), from);
    // `ref.null` of a shared heap type has a prefix.
    if (opcode === 0xd0 && r.peek() === 0x65) r.byte();
    for (let i = 0; i < immediates; i++) skipLeb(r);
  }
}
