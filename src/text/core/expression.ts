/**
 * Writes instructions, flat and folded: `i32.add` behind its operands, or `(i32.add <operand> <operand>)`. A stack of its own walks
 * the folds, so that their depth is not the depth of calls. Specification: core 3.0, "Text format, instructions".
 */
import { encodeCoreValType } from '../../core/encode-types.ts';
import { CodeWriter } from '../../util/code-writer.ts';
import { Cursor, nodeError, type Ref } from '../cursor.ts';
import { IndexSpace } from '../index-space.ts';
import { nameAnnotation } from '../name-annotation.ts';
import type { Id, Node } from '../node.ts';
import type { ModuleContext } from './context.ts';
import { type Emit, readInstruction, type Scope } from './immediates.ts';
import { INSTRUCTIONS } from './instructions.ts';
import { BLOCKS, CATCH, CATCH_ALL, CATCH_CLAUSES, DELEGATE, ELSE, END, IF, TRY_TABLE } from './opcodes-structured.ts';

/** An open block. */
interface Block {
  readonly opcode: number;
  readonly id: Id | undefined;
  readonly node: Node;
}

/** A list whose instructions are being written. */
interface Frame {
  readonly c: Cursor;
  /** Operands stand in parentheses; the body of a block may be flat. */
  readonly operands: boolean;
  readonly start: (() => void) | undefined;
  readonly finish: (() => void) | undefined;
  started: boolean;
  /** How many blocks were open when it began. */
  depth: number;
}

export class ExpressionWriter implements Scope {
  readonly module: ModuleContext;
  readonly locals: IndexSpace;
  readonly w = new CodeWriter();
  /** Names of labels by the order of their blocks. */
  readonly labelNames: [index: number, name: string][] = [];
  /** `(@metadata.code.branch_hint …)`: where the instruction behind it stands in the body, and what it says. */
  readonly branchHints: [offset: number, hint: Uint8Array][] = [];
  /** Whether an instruction needs the data count section. */
  usesData = false;
  #blockCount = 0;
  readonly #blocks: Block[] = [];
  readonly #frames: Frame[] = [];

  constructor(module: ModuleContext, locals: IndexSpace = new IndexSpace('local')) {
    this.module = module;
    this.locals = locals;
  }

  readonly label = (ref: Ref): number => {
    if (ref.id === undefined) return ref.index;
    const at = this.#blocks.findLastIndex((block) => block.id?.name === ref.id);
    if (at < 0) throw nodeError('unknown-id', `unknown label: failed to find name \`$${ref.id}\``, ref.node);
    return this.#blocks.length - 1 - at;
  };

  /** Writes all instructions that are left in `c`, without an `end`. */
  write(c: Cursor): void {
    this.#push(c, false);
    for (let top = this.#frames.at(-1); top !== undefined; top = this.#frames.at(-1)) {
      if (!top.started) {
        top.started = true;
        top.start?.();
        top.depth = this.#blocks.length;
      }
      if (!top.c.done) this.#next(top);
      else {
        if (this.#blocks.length > top.depth) throw this.#unclosed();
        this.#frames.pop();
        top.finish?.();
      }
    }
  }

  /** One folded instruction, as in `(offset …)` without the keyword. */
  writeFolded(c: Cursor): void {
    const node = c.peek();
    if (node?.kind !== 'list') throw c.unexpected('an instruction in parentheses');
    this.write(c.one());
  }

  #push(c: Cursor, operands: boolean, start?: () => void, finish?: () => void): void {
    this.#frames.push({ c, operands, start, finish, started: false, depth: 0 });
  }

  #unclosed(): Error {
    const block = this.#blocks.at(-1)!;
    return nodeError('unexpected-token', 'unexpected token: expected `end` for this block', block.node);
  }

  #next(frame: Frame): void {
    const { c } = frame;
    const annotation = c.annotation('metadata.code.branch_hint');
    const hint = annotation === undefined ? undefined : new Cursor(annotation).data();
    const node = c.peek();
    if (node === undefined) return;
    if (node.kind === 'list') this.#folded(c.list(), hint);
    else if (frame.operands) throw c.unexpected('an operand in parentheses');
    else {
      this.#hint(hint);
      this.#flat(c, frame);
    }
  }

  /** Notes a hint for the instruction that is written next. */
  #hint(hint: Uint8Array | undefined): void {
    if (hint !== undefined) this.branchHints.push([this.w.length, hint]);
  }

  #flat(c: Cursor, frame: Frame): void {
    const node = c.peek()!;
    const word = c.word('an instruction').text;
    const opcode = BLOCKS.get(word);
    if (opcode !== undefined) {
      const header = this.#header(opcode, c, node);
      header();
      return;
    }
    switch (word) {
      case 'else':
      case 'end':
      case 'catch':
      case 'catch_all':
      case 'delegate':
        this.#insideBlock(word, c, frame, node);
        return;
      default:
        this.#read(word, c, node)(this.w);
    }
  }

  #read(word: string, c: Cursor, node: Node): Emit {
    const instruction = INSTRUCTIONS.get(word);
    if (instruction === undefined)
      throw nodeError(
        'unknown-operator',
        `unknown operator ${word} or unexpected token: \`${word}\` is no instruction`,
        node,
      );
    const { immediates } = instruction;
    if (immediates === 'data' || immediates === 'memory and data' || immediates === 'type and data')
      this.usesData = true;
    return readInstruction(instruction, c, this);
  }

  /** `else`, `end` and their like in the flat form. */
  #insideBlock(word: string, c: Cursor, frame: Frame, node: Node): void {
    const block = this.#blocks.at(-1);
    if (block === undefined || this.#blocks.length <= frame.depth)
      throw nodeError('unexpected-token', `unexpected token \`${word}\`: no block is open here`, node);
    switch (word) {
      case 'end':
        this.#checkLabel(c, block);
        this.#close();
        return;
      case 'else':
        if (block.opcode !== IF) throw nodeError('unexpected-token', 'unexpected token `else`: this is no `if`', node);
        this.#checkLabel(c, block);
        this.w.byte(ELSE);
        return;
      case 'catch':
        this.w.byte(CATCH).u(this.module.tag.resolve(c.ref('a tag')));
        return;
      case 'catch_all':
        this.w.byte(CATCH_ALL);
        return;
      default:
        this.#blocks.pop();
        this.w.byte(DELEGATE).u(this.label(c.ref('a label')));
    }
  }

  #checkLabel(c: Cursor, block: Block): void {
    const id = c.takeId();
    if (id !== undefined && id.name !== block.id?.name)
      throw nodeError('mismatching-label', 'mismatching label: it is not that of the open block', id);
  }

  #close(): void {
    this.#blocks.pop();
    this.w.byte(END);
  }

  /** Label, type and catch clauses of a block; the answer writes them and opens the block. */
  #header(opcode: number, c: Cursor, node: Node): () => void {
    const id = c.takeId();
    const name = nameAnnotation(c) ?? id?.name;
    const type = this.#blockType(c);
    const clauses = opcode === TRY_TABLE ? this.#catchClauses(c) : undefined;
    return () => {
      this.w.byte(opcode);
      type(this.w);
      clauses?.(this.w);
      if (name !== undefined) this.labelNames.push([this.#blockCount, name]);
      this.#blockCount++;
      this.#blocks.push({ opcode, id, node });
    };
  }

  #blockType(c: Cursor): Emit {
    const { types } = this.module;
    const use = types.read(c);
    if (use.names.some(({ id }) => id !== undefined))
      throw nodeError('unexpected-token', 'unexpected token: parameters have no names here', use.node);
    if (use.ref === undefined && use.names.length === 0 && use.results <= 1) {
      if (use.results === 0) return (w) => w.byte(0x40);
      return (w) => encodeCoreValType(w, use.signature(types.resolve).results[0]!);
    }
    return (w) => {
      types.check(use);
      w.s(types.intern(use));
    };
  }

  #catchClauses(c: Cursor): Emit {
    const clauses: { readonly code: number; readonly tag: number | undefined; readonly label: number }[] = [];
    for (;;) {
      const node = c.peek();
      const word = node?.kind === 'list' && node.items[0]?.kind === 'word' ? node.items[0].text : '';
      if (!Object.hasOwn(CATCH_CLAUSES, word)) break;
      const code = CATCH_CLAUSES[word]!;
      const inner = c.list(word);
      const tag = code < 2 ? this.module.tag.resolve(inner.ref('a tag')) : undefined;
      clauses.push({ code, tag, label: this.label(inner.ref('a label')) });
      inner.finish();
    }
    return (w) =>
      w.vec(clauses, ({ code, tag, label }) => {
        w.byte(code);
        if (tag !== undefined) w.u(tag);
        w.u(label);
      });
  }

  #folded(c: Cursor, hint: Uint8Array | undefined): void {
    const node = c.peek() ?? c.owner;
    const word = c.word('an instruction').text;
    const opcode = BLOCKS.get(word);
    if (opcode === undefined) {
      const emit = this.#read(word, c, node);
      this.#push(c, true, undefined, () => {
        this.#hint(hint);
        emit(this.w);
      });
      return;
    }
    const open = this.#header(opcode, c, node);
    const header = (): void => {
      this.#hint(hint);
      open();
    };
    const close = (): void => this.#close();
    if (word === 'if') this.#foldedIf(c, header, close);
    else if (word === 'try') this.#foldedTry(c, header, close);
    else this.#push(c, false, header, close);
  }

  /** `(if <label> <blocktype> <foldedinstr>* (then <instr>*) (else <instr>*)?)` */
  #foldedIf(c: Cursor, header: () => void, close: () => void): void {
    const condition = c.until('then');
    const then = c.list('then');
    const otherwise = c.takeList('else');
    c.finish();
    // Frames are worked from the last.
    if (otherwise !== undefined) this.#push(otherwise, false, () => this.w.byte(ELSE), close);
    this.#push(then, false, header, otherwise === undefined ? close : undefined);
    this.#push(condition, true);
  }

  /** `(try <label> <blocktype> (do <instr>*) (catch <tag> <instr>*)* (catch_all <instr>*)?)`, or with `(delegate <label>)` */
  #foldedTry(c: Cursor, header: () => void, close: () => void): void {
    const body = c.list('do');
    const delegate = c.takeList('delegate');
    if (delegate !== undefined) {
      this.#push(body, false, header, () => {
        this.#blocks.pop();
        this.w.byte(DELEGATE).u(this.label(delegate.ref('a label')));
        delegate.finish();
      });
      c.finish();
      return;
    }
    const clauses: [Cursor, () => void][] = [];
    for (let clause = c.takeList('catch'); clause !== undefined; clause = c.takeList('catch')) {
      const tag = this.module.tag.resolve(clause.ref('a tag'));
      clauses.push([clause, () => this.w.byte(CATCH).u(tag)]);
    }
    const all = c.takeList('catch_all');
    if (all !== undefined) clauses.push([all, () => this.w.byte(CATCH_ALL)]);
    c.finish();
    const frames: [Cursor, () => void][] = [[body, header], ...clauses];
    for (const [i, [inner, start]] of [...frames.entries()].reverse())
      this.#push(inner, false, start, i === frames.length - 1 ? close : undefined);
  }
}
