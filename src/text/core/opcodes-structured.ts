/** The structured instructions: they open, divide and close blocks. Specification: core 3.0, "Control Instructions"; legacy exceptions. */

export const IF = 0x04;
export const ELSE = 0x05;
export const TRY = 0x06;
export const CATCH = 0x07;
export const END = 0x0b;
export const DELEGATE = 0x18;
export const CATCH_ALL = 0x19;
export const TRY_TABLE = 0x1f;

/** What opens a block. */
export const BLOCKS: ReadonlyMap<string, number> = new Map([
  ['block', 0x02],
  ['loop', 0x03],
  ['if', IF],
  ['try', TRY],
  ['try_table', TRY_TABLE],
]);

/** The clauses of `try_table`; the first two name a tag. */
export const CATCH_CLAUSES: Readonly<Record<string, number>> = {
  catch: 0,
  catch_ref: 1,
  catch_all: 2,
  catch_all_ref: 3,
};
