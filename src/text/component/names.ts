/** Names with attributes, and the contents of the name section. Specification: Explainer, "Import and Export Definitions"; Binary, "Name Section". */
import { encodeSort } from '../../binary/component/sorts.ts';
import type { ExternNameDecl } from '../../types/definition.ts';
import { CodeWriter } from '../../util/code-writer.ts';
import { Cursor } from '../cursor.ts';
import { head } from '../node.ts';
import { ALL_SORTS, type Scope } from './scope.ts';

const ATTRIBUTES = ['implements', 'versionsuffix', 'external-id'] as const;

/** `<externnamelit> <attribute>*`; each attribute at most once, in any order. */
export function externName(c: Cursor): ExternNameDecl {
  const node = c.string('a name');
  const name = new Cursor(c.owner, 0, [node]).name();
  const found = new Map<string, string>();
  for (;;) {
    const keyword = ATTRIBUTES.find((attribute) => c.isList(attribute));
    if (keyword === undefined) break;
    if (found.has(keyword)) throw c.unexpected(`no second \`${keyword}\``);
    const inner = c.list(keyword);
    found.set(keyword, inner.name());
    inner.finish();
  }
  return {
    name,
    offset: node.offset,
    implements: found.get('implements'),
    versionSuffix: found.get('versionsuffix'),
    externalId: found.get('external-id'),
  };
}

/** True if `(export "name" <attribute>*)` comes next: an export of the definition around it. */
function isInline(c: Cursor, keyword: string): boolean {
  const node = c.peek();
  if (node?.kind !== 'list' || head(node) !== keyword) return false;
  const [, name, ...rest] = node.items.filter((item) => item.kind !== 'annotation');
  return name?.kind === 'string' && rest.every((item) => (ATTRIBUTES as readonly string[]).includes(head(item)));
}

/** All `(export "name")` that follow. */
export function inlineExports(c: Cursor): ExternNameDecl[] {
  const names: ExternNameDecl[] = [];
  while (isInline(c, 'export')) names.push(inlineName(c, 'export'));
  return names;
}

/** `(import "name")` if it comes next. */
export function inlineImport(c: Cursor): ExternNameDecl | undefined {
  return isInline(c, 'import') ? inlineName(c, 'import') : undefined;
}

function inlineName(c: Cursor, keyword: string): ExternNameDecl {
  const inner = c.list(keyword);
  const name = externName(inner);
  inner.finish();
  return name;
}

/** The contents of the section `component-name`; empty if nothing has a name. */
export function encodeComponentNames(name: string | undefined, scope: Scope): Uint8Array<ArrayBuffer> {
  const out = new CodeWriter();
  if (name !== undefined) out.byte(0).sized((w) => w.name(name));
  for (const sort of ALL_SORTS) {
    const { names } = scope.space(sort);
    if (names.length === 0) continue;
    out.byte(1).sized((w) => {
      encodeSort(w, sort);
      w.vec(names, ([index, text]) => w.u(index).name(text));
    });
  }
  return out.finish();
}
