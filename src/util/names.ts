/** WIT names as JavaScript has them: lower camel case for functions and fields, Pascal case for types. */

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** `foo-bar` gives `fooBar`; fragments in capitals are words like others: `HTTP-GET` gives `httpGet`. */
export function toCamel(name: string): string {
  const [first = '', ...rest] = name.split('-');
  return first.toLowerCase() + rest.map((fragment) => upperFirst(fragment.toLowerCase())).join('');
}

/** `foo-bar` gives `FooBar`. */
export function toPascal(name: string): string {
  return upperFirst(toCamel(name));
}

/** The name of a method, function or static: `then` would make a promise of its object. */
export function memberName(name: string): string {
  const camel = toCamel(name);
  return camel === 'then' ? 'then_' : camel;
}

/** Camel-case names of the members of one type; a name that is taken gets `_` behind it. */
export function camelNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let camel = toCamel(name);
    while (taken.has(camel)) camel += '_';
    taken.add(camel);
    return camel;
  });
}
