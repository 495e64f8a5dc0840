/** Names with attributes. Specification: Explainer, "Import and Export Definitions". */
import type { ExternNameDecl } from '../../types/definition.ts';
import { type Cursor, nameOf } from '../cursor.ts';
import { head, type Str } from '../node.ts';

const ATTRIBUTES = ['implements', 'versionsuffix', 'external-id'] as const;

/** `<externnamelit>`, or as older texts have it `(interface "name")`. */
function nameLiteral(c: Cursor): Str {
  const inner = c.takeList('interface');
  const node = (inner ?? c).string('a name');
  inner?.finish();
  return node;
}

/** `<externnamelit> <attribute>*`; each attribute at most once, in any order. */
export function externName(c: Cursor): ExternNameDecl {
  const node = nameLiteral(c);
  const name = nameOf(node);
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
