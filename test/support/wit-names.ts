/** Names of what WASI's WIT files declare. */

export interface InterfaceNames {
  readonly functions: string[];
  /** Methods by resource, constructors aside. */
  readonly resources: Map<string, string[]>;
}

/** The functions and resources of the interfaces of a WIT file: enough of WIT's grammar for WASI's own files. */
export function interfacesOf(text: string): Map<string, InterfaceNames> {
  const found = new Map<string, InterfaceNames>();
  let current: InterfaceNames | undefined;
  let methods: string[] | undefined;
  // Interim responses are unstable, and not there.
  for (const raw of text.replace(/@unstable\(feature = informational-outbound-responses\)\s*[^;]*;/, '').split('\n')) {
    const line = raw.replace(/\/\/.*/, '').trim();
    const opened = /^interface ([a-z0-9-]+) \{/.exec(line);
    const resource = /^resource ([a-z0-9-]+)( \{|;)/.exec(line);
    const func = /^%?([a-z0-9-]+): (?:static )?func\(/.exec(line);
    if (opened !== null) {
      current = { functions: [], resources: new Map() };
      found.set(opened[1]!, current);
    } else if (resource !== null) {
      const list: string[] = [];
      current?.resources.set(resource[1]!, list);
      methods = resource[2] === ' {' ? list : undefined;
    } else if (func !== null) (methods ?? current?.functions)?.push(func[1]!);
    else if (line === '}' && methods !== undefined && /^(?: {4}| {2}|\t)\}/.test(raw)) methods = undefined;
  }
  return found;
}
