/**
 * Prints instructions in the flat form, one a line, blocks indented. How deep blocks are nested is the length of a list here, not the
 * depth of calls. Specification: core 3.0, "Binary format, instructions".
 */
import type { Reader } from '../../core/reader.ts';
import { coreValType } from '../../core/types.ts';
import { malformed } from '../../error/malformed-reason.ts';
import {
  BLOCKS,
  CATCH,
  CATCH_ALL,
  CATCH_CLAUSES,
  DELEGATE,
  ELSE,
  END,
  IF,
  TRY,
  TRY_TABLE,
} from '../core/opcodes-structured.ts';
import type { CodeScope } from './immediates.ts';
import { PREFIXED, type PrintedInstruction, SINGLE } from './instructions.ts';
import type { Label, LabelNames, MemberNames } from './module-names.ts';
import type { ModuleScope } from './module-scope.ts';
import { coreValTypeText } from './module-types.ts';

/** Where the lines of instructions go. */
export interface LineSink {
  line(text: string): unknown;
  indent(by: 1 | -1): unknown;
}

/** What one function adds to its module. */
export interface FunctionNames {
  readonly locals?: MemberNames | undefined;
  readonly labels?: LabelNames | undefined;
}

const BLOCK_NAMES: readonly (string | undefined)[] = [...BLOCKS].reduce<string[]>((names, [name, opcode]) => {
  names[opcode] = name;
  return names;
}, []);

const CLAUSE_NAMES = Object.keys(CATCH_CLAUSES);

const EMPTY_BLOCK_TYPE = 0x40;

/** An open block. */
interface Block {
  readonly opcode: number;
  readonly id: string | undefined;
  /** The level at which its identifier meant something outside. */
  readonly hidden: number | undefined;
}

export class ExpressionPrinter implements CodeScope {
  readonly ref: CodeScope['ref'];
  readonly typeRef: CodeScope['typeRef'];
  readonly field: CodeScope['field'];
  readonly local: CodeScope['local'];
  /** How many blocks there were. */
  blockCount = 0;
  /** Whether an instruction asks for the data count section. */
  usesData = false;
  readonly #module: ModuleScope;
  readonly #labels: LabelNames | undefined;
  readonly #sink: LineSink;
  readonly #blocks: Block[] = [];
  /** The level of the innermost block of each identifier: the outermost block has level 1, the function's body 0. */
  readonly #levels = new Map<string, number>();

  constructor(module: ModuleScope, sink: LineSink, { locals, labels }: FunctionNames = {}) {
    this.#module = module;
    this.#sink = sink;
    this.#labels = labels;
    this.ref = module.ref;
    this.typeRef = module.typeRef;
    this.field = module.field;
    this.local = locals?.ref ?? String;
  }

  /** A label by its number, with the level of its block as a comment; by its identifier where no inner block hides it. */
  readonly label = (depth: number): string => {
    const level = this.#blocks.length - depth;
    if (level < 0) return String(depth);
    const id = level === 0 ? undefined : this.#blocks[level - 1]!.id;
    return id !== undefined && this.#levels.get(id) === level ? `${id} (;@${level};)` : `${depth} (;@${level};)`;
  };

  /** Prints up to the `end` that closes the expression. `visit` is told where each instruction stands that may have an annotation. */
  print(r: Reader, visit?: (at: number) => void): void {
    const sink = this.#sink;
    for (;;) {
      const at = r.at;
      const opcode = r.byte();
      const instruction = SINGLE[opcode] ?? this.#prefixed(opcode, r, at);
      if (instruction !== undefined) {
        visit?.(at);
        if (instruction.usesData) this.usesData = true;
        sink.line(instruction.name + instruction.print(r, this));
      } else if (BLOCK_NAMES[opcode] !== undefined) {
        visit?.(at);
        this.#open(opcode, r);
      } else if (opcode !== END) this.#divide(opcode, r, at);
      else if (this.#blocks.length === 0) return;
      else this.#close('end');
    }
  }

  #prefixed(prefix: number, r: Reader, at: number): PrintedInstruction | undefined {
    const group = PREFIXED.get(prefix);
    if (group === undefined) return undefined;
    const opcode = r.u32();
    return group[opcode] ?? r.fail(malformed.unknownOpcode(`0x${prefix.toString(16)} 0x${opcode.toString(16)}`), at);
  }

  #open(opcode: number, r: Reader): void {
    let text = BLOCK_NAMES[opcode]!;
    const type = this.#blockType(r);
    const clauses = opcode === TRY_TABLE ? this.#catchClauses(r) : '';
    const label = this.#labels?.get(this.blockCount);
    this.blockCount++;
    this.#push(opcode, label);
    const level = `(;@${this.#blocks.length};)`;
    if (label === undefined) text += ` ${level}`;
    else text += label.id === undefined ? ` ${level} ${label.head}` : ` ${label.head} ${level}`;
    this.#sink.line(text + type + clauses);
    this.#sink.indent(1);
  }

  #push(opcode: number, label: Label | undefined): void {
    const id = label?.id;
    const hidden = id === undefined ? undefined : this.#levels.get(id);
    this.#blocks.push({ opcode, id, hidden });
    if (id !== undefined) this.#levels.set(id, this.#blocks.length);
  }

  #pop(): void {
    const { id, hidden } = this.#blocks.pop()!;
    if (id === undefined) return;
    if (hidden === undefined) this.#levels.delete(id);
    else this.#levels.set(id, hidden);
  }

  #close(text: string): void {
    this.#pop();
    this.#sink.indent(-1);
    this.#sink.line(text);
  }

  /** A line between two parts of the innermost block. */
  #between(text: string): void {
    this.#sink.indent(-1);
    this.#sink.line(text);
    this.#sink.indent(1);
  }

  /** `else`, `catch` and their like. */
  #divide(opcode: number, r: Reader, at: number): void {
    const within = (name: string, block: number): void => {
      if (this.#blocks.at(-1)?.opcode !== block) r.fail(malformed.misplaced(name, `\`${BLOCK_NAMES[block]}\``), at);
    };
    switch (opcode) {
      case ELSE:
        within('else', IF);
        this.#between('else');
        return;
      case CATCH:
        within('catch', TRY);
        this.#between(`catch ${this.ref('tag', r.u32())}`);
        return;
      case CATCH_ALL:
        within('catch_all', TRY);
        this.#between('catch_all');
        return;
      case DELEGATE: {
        within('delegate', TRY);
        const depth = r.u32();
        // Its label is counted from outside of the block.
        this.#pop();
        this.#sink.indent(-1);
        this.#sink.line(`delegate ${this.label(depth)}`);
        return;
      }
      default:
        r.fail(malformed.unknownOpcode(`0x${opcode.toString(16)}`), at);
    }
  }

  /** `blocktype`: nothing, one result, or a type by its index. */
  #blockType(r: Reader): string {
    const first = r.peek();
    if (first === EMPTY_BLOCK_TYPE) {
      r.byte();
      return '';
    }
    // One byte with the sign bit of LEB128: no index.
    if ((first & 0xc0) === 0x40) return ` (result ${coreValTypeText(coreValType(r), this.typeRef)})`;
    const at = r.at;
    const index = r.s33();
    if (index < 0) r.unknown(first, 'block type', at);
    return ` ${this.#module.typeUse(index)}`;
  }

  #catchClauses(r: Reader): string {
    const clauses = r.vec(() => {
      const at = r.at;
      const kind = r.byte();
      const name = CLAUSE_NAMES[kind] ?? r.fail(malformed.handler(kind), at);
      const tag = kind < 2 ? ` ${this.ref('tag', r.u32())}` : '';
      return ` (${name}${tag} ${this.label(r.u32())})`;
    });
    return clauses.join('');
  }
}

/** Collects the instructions of a constant expression, which stand on one line. */
class InlineSink implements LineSink {
  readonly lines: string[] = [];

  line(text: string): void {
    this.lines.push(text);
  }

  indent(): void {}
}

/**
 * A constant expression: `(i32.const 0)` if it is one plain instruction, else `(offset …)` with the keyword that is given; without a
 * keyword, the instructions as they are.
 */
export function constantText(r: Reader, module: ModuleScope, keyword?: 'offset' | 'item'): string {
  const sink = new InlineSink();
  const printer = new ExpressionPrinter(module, sink);
  printer.print(r);
  if (sink.lines.length === 1) return `(${sink.lines[0]})`;
  const text = sink.lines.join(' ');
  return keyword === undefined ? text : `(${keyword}${text === '' ? '' : ' '}${text})`;
}
