/** Prints WIT. Specification: WIT; the layout is the one that `wasm-tools component wit` writes. */
import { unreachable } from '../util/invariant.ts';
import type {
  WitAttributes,
  WitDocument,
  WitFunc,
  WitInterface,
  WitType,
  WitTypeDef,
  WitUse,
  WitWorld,
  WitWorldItem,
} from './document.ts';

const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'as async bool borrow char constructor enum export f32 f64 flags from func future import include interface list map ' +
    'option own package record resource result s16 s32 s64 s8 static stream string tuple type u16 u32 u64 u8 use variant with ' +
    'world error-context'
  ).split(' '),
);

/** A name as it stands in WIT: words of the language are escaped. */
function id(name: string): string {
  return KEYWORDS.has(name) ? `%${name}` : name;
}

/** A type as it stands where it is used. */
export function printWitType(type: WitType): string {
  switch (type.kind) {
    case 'primitive':
      return type.name;
    case 'named':
      return id(type.name);
    case 'own':
    case 'borrow':
      return `${type.kind}<${id(type.name)}>`;
    case 'list':
      return `list<${printWitType(type.element)}${type.length === undefined ? '' : `, ${type.length}`}>`;
    case 'map':
      return `map<${printWitType(type.key)}, ${printWitType(type.value)}>`;
    case 'tuple':
      return `tuple<${type.types.map(printWitType).join(', ')}>`;
    case 'option':
      return `option<${printWitType(type.type)}>`;
    case 'result': {
      if (type.ok === undefined && type.err === undefined) return 'result';
      const ok = type.ok === undefined ? '_' : printWitType(type.ok);
      return type.err === undefined ? `result<${ok}>` : `result<${ok}, ${printWitType(type.err)}>`;
    }
    case 'stream':
    case 'future':
      return type.element === undefined ? type.kind : `${type.kind}<${printWitType(type.element)}>`;
    default:
      return unreachable(type);
  }
}

function printFunc(func: WitFunc): string {
  const params = func.params.map((p) => `${id(p.name)}: ${printWitType(p.type)}`).join(', ');
  const result = func.result === undefined ? '' : ` -> ${printWitType(func.result)}`;
  if (func.kind === 'constructor') return `constructor(${params})${result};`;
  const word = `${func.kind === 'static' ? 'static ' : ''}${func.async ? 'async ' : ''}func`;
  return `${id(func.name)}: ${word}(${params})${result};`;
}

const ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A string as it stands in an attribute. */
function quoted(text: string): string {
  const inner = text.replace(/[^\w ./:-]/gu, (c) => ESCAPES[c] ?? `\\u{${c.codePointAt(0)!.toString(16)}}`);
  return `"${inner}"`;
}

/** Lines with an indentation of their own. */
class Lines {
  readonly #lines: string[] = [];
  #depth = 0;

  add(text: string): void {
    this.#lines.push(`${'  '.repeat(this.#depth)}${text}`);
  }

  /** An empty line, unless a block begins here. */
  gap(): void {
    const last = this.#lines.at(-1) ?? '';
    if (last !== '' && !last.endsWith('{')) this.#lines.push('');
  }

  /** Two empty lines, as they stand between packages. */
  wideGap(): void {
    this.#lines.push('', '');
  }

  block(head: string, body: () => void): void {
    this.add(`${head} {`);
    this.#depth++;
    body();
    this.#depth--;
    this.add('}');
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

function printAttributes(out: Lines, { externalId }: WitAttributes): void {
  if (externalId !== undefined) out.add(`@external-id(${quoted(externalId)})`);
}

function printTypeDef(out: Lines, def: WitTypeDef): void {
  printAttributes(out, def);
  const name = id(def.name);
  switch (def.kind) {
    case 'type':
      out.add(`type ${name} = ${printWitType(def.type)};`);
      return;
    case 'record':
      out.block(`record ${name}`, () => {
        for (const field of def.fields) out.add(`${id(field.name)}: ${printWitType(field.type)},`);
      });
      return;
    case 'variant':
      out.block(`variant ${name}`, () => {
        for (const one of def.cases) {
          out.add(`${id(one.name)}${one.type === undefined ? '' : `(${printWitType(one.type)})`},`);
        }
      });
      return;
    case 'enum':
    case 'flags':
      out.block(`${def.kind} ${name}`, () => {
        for (const label of def.labels) out.add(`${id(label)},`);
      });
      return;
    case 'resource':
      if (def.funcs.length === 0) out.add(`resource ${name};`);
      else
        out.block(`resource ${name}`, () => {
          for (const func of def.funcs) {
            printAttributes(out, func);
            out.add(printFunc(func));
          }
        });
      return;
    default:
      unreachable(def);
  }
}

function printUses(out: Lines, uses: readonly WitUse[]): void {
  for (const use of uses) {
    const names = use.names.map(({ name, as }) => (name === as ? id(name) : `${id(name)} as ${id(as)}`));
    printAttributes(out, use);
    out.add(`use ${use.interface}.{${names.join(', ')}};`);
  }
}

function printInterface(out: Lines, { uses, types, funcs }: WitInterface): void {
  printUses(out, uses);
  for (const type of types) {
    out.gap();
    printTypeDef(out, type);
  }
  for (const func of funcs) {
    out.gap();
    printAttributes(out, func);
    out.add(printFunc(func));
  }
}

function printWorldItem(out: Lines, word: 'import' | 'export', item: WitWorldItem): void {
  printAttributes(out, item);
  switch (item.kind) {
    case 'interface':
      out.add(`${word} ${item.name};`);
      return;
    case 'implements':
      out.add(`${word} ${id(item.name)}: ${item.interface};`);
      return;
    case 'inline':
      out.block(`${word} ${id(item.name)}: interface`, () => printInterface(out, item.interface));
      return;
    case 'func':
      out.add(`${word} ${printFunc(item.func)}`);
      return;
    default:
      unreachable(item);
  }
}

/** Functions stand behind the types of the world, which they may speak of. */
function printWorld(out: Lines, world: WitWorld): void {
  const funcs = world.imports.filter((item) => item.kind === 'func');
  out.block(`world ${id(world.name)}`, () => {
    for (const item of world.imports) if (item.kind !== 'func') printWorldItem(out, 'import', item);
    printUses(out, world.uses);
    for (const type of world.types) {
      out.gap();
      printTypeDef(out, type);
    }
    for (const item of funcs) printWorldItem(out, 'import', item);
    if (world.exports.length > 0) out.gap();
    for (const item of world.exports) printWorldItem(out, 'export', item);
  });
}

/** The text of a document. */
export function printWit(document: WitDocument): string {
  const out = new Lines();
  out.add(`package ${document.name};`);
  out.gap();
  printWorld(out, document.world);
  for (const [i, { name, interfaces }] of document.packages.entries()) {
    if (i > 0) out.wideGap();
    out.block(`package ${name}`, () => {
      for (const one of interfaces) out.block(`interface ${id(one.name)}`, () => printInterface(out, one.interface));
    });
  }
  return out.toString();
}
