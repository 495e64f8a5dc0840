/** What a program could ask its host for, told from its imports: groups in the words of those who grant it. */

/** A group of imports that ask for the same kind of thing. */
export interface Capability {
  readonly name: string;
  /** In plain words. */
  readonly title: string;
  /** The imports that ask for it. */
  readonly imports: readonly string[];
}

type Rule = readonly [name: string, title: string, pattern: RegExp];

/** The first rule that matches decides. Interfaces of WASI 0.2 and 0.3 by name, functions of preview 1 as `wasi_snapshot_preview1#name`. */
const RULES: readonly Rule[] = [
  [
    'files',
    'files in the directories that it is given',
    /^wasi:filesystem\/|#path_|#fd_(?:prestat|readdir|filestat|p?allocate|advise|sync|datasync|tell|renumber)/,
  ],
  ['network', 'network connections', /^wasi:sockets\/|#sock_/],
  ['http', 'HTTP requests', /^wasi:http\//],
  ['environment', 'arguments and environment variables', /^wasi:cli\/environment|#(?:args|environ)_/],
  ['terminal', 'knowing whether a stream is a terminal', /^wasi:cli\/terminal-/],
  [
    'streams',
    'standard input, output and errors',
    /^wasi:cli\/(?:stdin|stdout|stderr|types)|^wasi:io\/|#fd_|#poll_oneoff/,
  ],
  ['clocks', 'the time, and waiting', /^wasi:clocks\/|#clock_/],
  ['random', 'random numbers', /^wasi:random\/|#random_get/],
  ['exit', 'ending with an exit code', /^wasi:cli\/exit|#proc_|#sched_yield/],
  ['keys and values', 'a store of keys and values', /^wasi:keyvalue\//],
  ['configuration', 'configuration values', /^wasi:config\//],
  ['logging', 'writing to a log', /^wasi:logging\//],
  ['neural networks', 'running neural networks', /^wasi:nn\//],
];

const OTHER: Rule = ['other', 'what its host or other components give', /^/];

/** Groups import names by what they ask for, in the order of the rules. */
export function capabilities(imports: readonly string[]): readonly Capability[] {
  const groups = new Map<Rule, string[]>();
  for (const name of imports) {
    const rule = RULES.find(([, , pattern]) => pattern.test(name)) ?? OTHER;
    const list = groups.get(rule) ?? [];
    list.push(name);
    groups.set(rule, list);
  }
  return [...RULES, OTHER].flatMap((rule) => {
    const list = groups.get(rule);
    return list === undefined ? [] : [{ name: rule[0], title: rule[1], imports: list }];
  });
}
