/** Grants as TOML, of the part of it that `toml.ts` reads. */

type Value = string | number | boolean | readonly Value[] | Fields;
interface Fields {
  readonly [name: string]: Value | undefined;
}

function isTable(value: Value | undefined): value is Fields {
  return typeof value === 'object' && !Array.isArray(value);
}

function key(name: string): string {
  return /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
}

function inline(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  // JSON's escapes are TOML's too.
  return JSON.stringify(value);
}

function lines(fields: Fields, path: string): string {
  const entries = Object.entries(fields).filter((entry): entry is [string, Value] => entry[1] !== undefined);
  const isList = (value: Value): value is readonly Fields[] =>
    Array.isArray(value) && value.length > 0 && value.every(isTable);
  let text = '';
  for (const [name, value] of entries)
    if (!isTable(value) && !isList(value)) text += `${key(name)} = ${inline(value)}\n`;
  for (const [name, value] of entries) {
    const inner = path === '' ? key(name) : `${path}.${key(name)}`;
    if (isTable(value)) text += `\n[${inner}]\n${lines(value, inner)}`;
    else if (isList(value)) for (const each of value) text += `\n[[${inner}]]\n${lines(each, inner)}`;
  }
  return text;
}

/** A table as TOML: plain data of texts, numbers, booleans, lists and tables. */
export function printToml(table: object): string {
  return lines(table as Fields, '').trimStart();
}
