/**
 * What a program could ask its host for, told from its imports, and what it offers, told from its exports: groups in the words of
 * those who grant them. Names alone decide; what the code does with them is not looked at.
 */

/** A group of imports that ask for the same kind of thing. */
export interface Capability {
  readonly name: string;
  /** In plain words. */
  readonly title: string;
  /** The imports that ask for it. */
  readonly imports: readonly string[];
}

/** A group of exports that others use in the same way. */
export interface Offer {
  readonly name: string;
  /** In plain words. */
  readonly title: string;
  readonly exports: readonly string[];
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
  ['http', 'HTTP requests to others', /^wasi:http\/(?:outgoing-handler|client|handler)\b/],
  ['http types', 'the types of HTTP, which send nothing by themselves', /^wasi:http\//],
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

/** Exports of components, and `_start` of core modules for preview 1. */
const OFFERS: readonly Rule[] = [
  ['program', 'a program to run', /^wasi:cli\/run\b|^_start$/],
  ['http server', 'answers to HTTP requests', /^wasi:http\/(?:incoming-handler|handler)\b/],
];

const OTHER_OFFER: Rule = ['other', 'functions and types for others', /^/];

interface Group {
  readonly name: string;
  readonly title: string;
  readonly members: readonly string[];
}

/** Groups names by the first rule that matches, in the order of the rules. */
function grouped(names: readonly string[], rules: readonly Rule[], other: Rule): readonly Group[] {
  const groups = new Map<Rule, string[]>();
  for (const name of names) {
    const rule = rules.find(([, , pattern]) => pattern.test(name)) ?? other;
    const list = groups.get(rule) ?? [];
    list.push(name);
    groups.set(rule, list);
  }
  return [...rules, other].flatMap((rule) => {
    const members = groups.get(rule);
    return members === undefined ? [] : [{ name: rule[0], title: rule[1], members }];
  });
}

/** Groups import names by what they ask for. */
export function capabilities(imports: readonly string[]): readonly Capability[] {
  return grouped(imports, RULES, OTHER).map(({ name, title, members }) => ({ name, title, imports: members }));
}

/** Groups export names by what they offer. */
export function offers(exports: readonly string[]): readonly Offer[] {
  return grouped(exports, OFFERS, OTHER_OFFER).map(({ name, title, members }) => ({ name, title, exports: members }));
}
