/**
 * Documentation comments of WIT that a binary carries: the custom section `package-docs` of wit-parser, a version byte (0 or 1) and
 * JSON. One section speaks of one package. A section that cannot be read is left out: custom sections never make a component wrong.
 */
import type { Component } from '../types/definition.ts';

/** Comments by name: of functions by their extern names, of fields, cases and labels by theirs. */
export type Comments = ReadonlyMap<string, string>;

export interface TypeDocs {
  readonly docs: string | undefined;
  /** Of fields, cases and labels. */
  readonly items: Comments;
}

export interface InterfaceDocs {
  readonly docs: string | undefined;
  readonly funcs: Comments;
  readonly types: ReadonlyMap<string, TypeDocs>;
}

export interface WorldDocs extends InterfaceDocs {
  /** Functions that are exported, where an import has the same name or the writer keeps the sides apart. */
  readonly funcExports: Comments;
  readonly interfaces: ReadonlyMap<string, InterfaceDocs>;
  readonly interfaceExports: ReadonlyMap<string, InterfaceDocs>;
  /** Of the lines that import and export interfaces by their full names. */
  readonly importDocs: Comments;
  readonly exportDocs: Comments;
}

export interface PackageDocs {
  /** `ns:pkg@1.0.0`, or undefined in sections that leave it to be told from where they stand. */
  readonly package: string | undefined;
  readonly docs: string | undefined;
  readonly worlds: ReadonlyMap<string, WorldDocs>;
  readonly interfaces: ReadonlyMap<string, InterfaceDocs>;
}

const SECTION = 'package-docs';
const VERSIONS: ReadonlySet<number | undefined> = new Set([0, 1]);

type Json = Readonly<Record<string, unknown>>;

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function mapOf<T>(value: unknown, read: (item: unknown) => T | undefined): ReadonlyMap<string, T> {
  const entries = Object.entries(object(value)).flatMap(([name, item]): [string, T][] => {
    const made = read(item);
    return made === undefined ? [] : [[name, made]];
  });
  return new Map(entries);
}

/** Version 0 has a function's comment itself, version 1 an object around it. */
function readFunc(value: unknown): string | undefined {
  return string(value) ?? string(object(value)['docs']);
}

function readType(value: unknown): TypeDocs {
  const { docs, items } = object(value);
  return { docs: string(docs), items: mapOf(items, string) };
}

function readInterface(value: unknown): InterfaceDocs {
  const { docs, funcs, types } = object(value);
  return { docs: string(docs), funcs: mapOf(funcs, readFunc), types: mapOf(types, readType) };
}

function readWorld(value: unknown): WorldDocs {
  const world = object(value);
  return {
    ...readInterface(value),
    funcExports: mapOf(world['func_exports'], readFunc),
    interfaces: mapOf(world['interfaces'], readInterface),
    interfaceExports: mapOf(world['interface_exports'], readInterface),
    importDocs: mapOf(world['interface_import_docs'], string),
    exportDocs: mapOf(world['interface_export_docs'], string),
  };
}

function readPackage(bytes: Uint8Array): PackageDocs | undefined {
  if (!VERSIONS.has(bytes[0])) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(1)));
  } catch {
    return undefined;
  }
  const { package: name, docs, worlds, interfaces } = object(json);
  return {
    package: string(name),
    docs: string(docs),
    worlds: mapOf(worlds, readWorld),
    interfaces: mapOf(interfaces, readInterface),
  };
}

/** The comments that a component carries, a package each. */
export function readPackageDocs(component: Component): readonly PackageDocs[] {
  return component.customs.flatMap(({ name, start, end }) => {
    if (name !== SECTION) return [];
    const docs = readPackage(component.bytes.subarray(start, end));
    return docs === undefined ? [] : [docs];
  });
}
