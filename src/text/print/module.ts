/**
 * Prints a core module, field by field in the order of its sections, so that its text parses back to the same bytes where these are
 * canonical: numbers as short as they can be, no empty section, what the parser decides by itself as it decides it. Specification:
 * core 3.0, "Text format, modules".
 */
import type { NamedSort } from '../../core/name-section.ts';
import { Reader } from '../../core/reader.ts';
import { globalType, limits, tableType, tagType } from '../../core/types.ts';
import { malformed } from '../../error/malformed-reason.ts';
import type { CoreExternType, RecType, SubType, TableType } from '../../types/core-type.ts';
import { unreachable } from '../../util/invariant.ts';
import { BRANCH_HINTS } from './branch-hints.ts';
import type { NameStyle } from './component-scope.ts';
import { constantText } from './expression.ts';
import { bodyReader, printInstructions, readLocals } from './function-body.ts';
import { comment, identifier, quoteName } from './literal.ts';
import { type CustomPlan, type CustomSource, planCustoms } from './module-customs.ts';
import { chooseNames, type NameChoice } from './module-naming.ts';
import { ModuleScope } from './module-scope.ts';
import { funcTypeAt, type ModuleSource, readSource, type SourceImport, type SourceSection } from './module-source.ts';
import {
  coreValTypeText,
  globalTypeText,
  memberLists,
  memoryTypeText,
  subTypeText,
  tableTypeText,
} from './module-types.ts';
import { elemText, writeBytes, writeData } from './segments.ts';
import type { TextWriter } from './text-writer.ts';

export interface ModulePrintOptions {
  /** What names become, by default `exact`. */
  readonly names?: NameChoice | undefined;
  /** `caller`: the module's own name is written by the caller, see {@link moduleNaming}. By default it stands first. */
  readonly header?: 'own' | 'caller' | undefined;
  /** Leaves out the bodies of functions and the bytes of data and custom sections: an outline that does not parse back. */
  readonly skeleton?: boolean | undefined;
}

/** How the names of a module will be printed, and its own name. */
export interface ModuleNaming {
  /** `identifiers`: the name section does not stand in the text, so that the module's own name must be given in its header. */
  readonly style: NameStyle;
  readonly name: string | undefined;
}

const SORTS = ['func', 'table', 'memory', 'global', 'tag'] as const;

class ModulePrinter {
  readonly #out: TextWriter;
  readonly #source: ModuleSource;
  readonly #module: ModuleScope;
  readonly #plan: CustomPlan;
  readonly #skeleton: boolean;
  /** The next index of each space. */
  readonly #next = { func: 0, type: 0, table: 0, memory: 0, global: 0, elem: 0, data: 0, tag: 0 };

  constructor(out: TextWriter, module: ModuleScope, skeleton: boolean) {
    this.#out = out;
    this.#source = module.source;
    this.#module = module;
    this.#plan = planCustoms(module);
    this.#skeleton = skeleton;
  }

  print(): void {
    for (const section of this.#source.sections) {
      if (section.kind === 'custom') this.#custom(section);
      else this.#section(section);
    }
  }

  /** The head of the next definition of a sort: its identifier and index. */
  #head(sort: NamedSort): string {
    return this.#module.names.head(sort, this.#next[sort]++);
  }

  #section(section: SourceSection & { readonly kind: 'section' }): void {
    switch (section.name) {
      case 'type':
        for (const rec of this.#source.recTypes) this.#recType(rec);
        return;
      case 'import':
        for (const item of this.#source.imports) this.#out.line(this.#import(item));
        return;
      case 'code':
        for (let i = 0; i < this.#source.bodies.length; i++) this.#func(i);
        return;
      case 'func':
      case 'datacount':
        return;
      default:
        this.#entries(section.name, section);
    }
  }

  /** Sections whose contents were not read yet. */
  #entries(
    name: 'table' | 'memory' | 'tag' | 'global' | 'export' | 'start' | 'elem' | 'data',
    { start, end }: SourceSection,
  ): void {
    const out = this.#out;
    const r = new Reader(this.#source.bytes, start, end);
    if (name === 'start') out.line(`(start ${this.#module.ref('func', r.u32())})`);
    else
      r.vec(() => {
        if (name === 'data') this.#data(r);
        else out.line(name === 'export' ? this.#export(r) : `(${name}${this.#head(name)}${this.#entry(name, r)})`);
      });
    if (!r.done) r.fail(malformed.sectionSize());
  }

  #entry(name: 'table' | 'memory' | 'tag' | 'global' | 'elem', r: Reader): string {
    const module = this.#module;
    switch (name) {
      case 'table':
        return this.#table(r);
      case 'memory':
        return ` ${memoryTypeText({ kind: 'memory', ...limits(r, 'memory') })}`;
      case 'tag':
        return ` ${module.typeUse(tagType(r).typeIndex)}`;
      case 'global':
        return ` ${globalTypeText(globalType(r), module.typeRef)} ${constantText(r, module)}`.trimEnd();
      case 'elem':
        return elemText(r, module);
      default:
        return unreachable(name);
    }
  }

  #recType({ explicit, types }: RecType): void {
    const out = this.#out;
    if (!explicit) {
      for (const type of types) out.line(this.#type(type));
      return;
    }
    out.newline().open('rec');
    for (const type of types) out.line(this.#type(type));
    if (types.length > 0) out.closeOnNewLine();
    else out.close();
  }

  #type(type: SubType): string {
    const { names } = this.#module;
    const index = this.#next.type;
    const head = this.#head('type');
    const { kind } = type.composite;
    const members =
      kind === 'struct' ? names.members('field', index) : kind === 'func' ? names.members('param', index) : undefined;
    return `(type${head} ${subTypeText(type, names.typeRef, members?.id)})`;
  }

  #import({ module, name, type }: SourceImport): string {
    const index = this.#next[type.kind];
    const item = `${type.kind}${this.#head(type.kind)} ${this.#externType(type, index)}`;
    return `(import ${quoteName(module)} ${quoteName(name)} (${item}))`;
  }

  #externType(type: CoreExternType, index: number): string {
    const module = this.#module;
    switch (type.kind) {
      case 'func': {
        const use = module.typeUse(type.typeIndex, module.names.members('local', index)?.id);
        return type.exact === true ? `(exact ${use})` : use;
      }
      case 'tag':
        return module.typeUse(type.typeIndex);
      case 'table':
        return tableTypeText(type, module.typeRef);
      case 'memory':
        return memoryTypeText(type);
      case 'global':
        return globalTypeText(type, module.typeRef);
      default:
        return unreachable(type);
    }
  }

  /** With an initial value: 0x40 0x00, the type, an expression. */
  #table(r: Reader): string {
    const initialised = r.peek() === 0x40;
    if (initialised) {
      r.byte();
      r.zero('table');
    }
    const type: TableType = tableType(r);
    const text = ` ${tableTypeText(type, this.#module.typeRef)}`;
    return initialised ? `${text} ${constantText(r, this.#module)}`.trimEnd() : text;
  }

  #export(r: Reader): string {
    const name = r.name();
    const at = r.at;
    const kind = r.byte();
    const sort = SORTS[kind] ?? r.unknown(kind, 'export kind', at);
    return `(export ${quoteName(name)} (${sort} ${this.#module.ref(sort, r.u32())}))`;
  }

  #data(r: Reader): void {
    this.#out.newline().open(`data${this.#head('data')}`);
    writeData(this.#out, r, this.#module, this.#skeleton);
    this.#out.close();
  }

  /** A defined function, by its place in the code section. */
  #func(place: number): void {
    const out = this.#out;
    const module = this.#module;
    const { names } = module;
    const index = this.#next.func;
    const typeIndex = this.#source.funcs[index]!;
    const locals = names.members('local', index);
    const localId = locals?.id;
    out.newline().open(`func${this.#head('func')} ${module.typeUse(typeIndex, localId)}`);
    const body = this.#source.bodies[place]!;
    const r = bodyReader(this.#source, body);
    if (this.#skeleton) {
      out.write(' ...').close();
      return;
    }
    const params = funcTypeAt(this.#source, typeIndex)?.params.length ?? 0;
    const types = readLocals(r).map((type) => coreValTypeText(type, module.typeRef));
    if (types.length > 0) out.line(memberLists('local', types, localId && ((i) => localId(params + i))).slice(1));
    const empty = types.length === 0 && r.at === body.end - 1;
    printInstructions(r, module, out, { locals, labels: names.labels(index) }, this.#hinter(index, body.start));
    if (empty) out.close();
    else out.closeOnNewLine();
  }

  /** Prints the hint in front of an instruction. */
  #hinter(func: number, start: number): ((at: number) => void) | undefined {
    const hints = this.#plan.hints?.get(func);
    if (hints === undefined) return undefined;
    return (at) => {
      const hint = hints.get(at - start);
      if (hint !== undefined) this.#out.line(`(@${BRANCH_HINTS} "\\0${hint}")`);
    };
  }

  #custom(section: CustomSource): void {
    const printed = this.#plan.customs.get(section);
    if (printed === undefined) return;
    const out = this.#out;
    out.newline();
    if (printed.kind === 'annotation') {
      out.open(`@${printed.name}`);
      for (const line of printed.lines) out.line(line);
      if (printed.lines.length > 0) {
        out.closeOnNewLine();
        return;
      }
    } else {
      out.open(`@custom ${quoteName(section.name)}${printed.place}`);
      writeBytes(out, this.#source.bytes.subarray(section.start, section.end), this.#skeleton);
    }
    out.close();
  }
}

/**
 * How {@link printModule} will print the names of the module at `start`..`end`, and the name that it gives itself.
 * @throws MalformedError with the byte offset
 */
export function moduleNaming(
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
  end: number,
  names: NameChoice = 'exact',
): ModuleNaming {
  const { style, own } = chooseNames(readSource(bytes, start, end), names);
  return { style, name: own };
}

/** The module's own name: an identifier, an annotation where it is empty, or a comment. */
export function ownName({ style, name }: ModuleNaming): string {
  if (name === undefined) return '';
  if (style === 'comments') return ` ${comment(`$${name}`)}`;
  return name === '' ? ' (@name "")' : ` ${identifier(name)}`;
}

/**
 * Prints the core module at `start`..`end` of `bytes`: what stands between `(module` and its closing parenthesis, which the caller
 * opens and closes on `out`.
 * @throws MalformedError with the byte offset
 */
export function printModule(
  out: TextWriter,
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
  end: number,
  { names = 'exact', header = 'own', skeleton = false }: ModulePrintOptions = {},
): void {
  const source = readSource(bytes, start, end);
  const called = chooseNames(source, names);
  if (header === 'own') out.write(ownName({ style: called.style, name: called.own }));
  new ModulePrinter(out, new ModuleScope(source, called), skeleton).print();
}
