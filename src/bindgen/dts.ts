/** Writes the declarations (`.d.ts`) of a component for its hosts: types alone, that need nothing but those of the web. */
import { Lines } from './lines.ts';
import { importProperties, otherImportNames } from './members.ts';
import type { HostWorld, ScopeDecl } from './model.ts';
import { Naming, property, TENON } from './names.ts';
import { ScopeText } from './scope-text.ts';
import { TypeText } from './type-text.ts';
import { type Helper, Uses } from './uses.ts';
import { ValueText } from './value-text.ts';

const WHAT = {
  Imports: 'What the component imports: what `instantiate` is given.',
  Exports: "What the component exports: an instance's `exports`.",
  Promised: "The same as promises: an instance's `promised`. Calls may wait.",
} as const;

/** What declarations are of: a file, its world where it is a WIT package, and the name of the declarations' own file. */
export interface Origin {
  readonly name: string;
  readonly world: string | undefined;
  readonly file: string;
}

function header(out: Lines, { name, world, ...origin }: Origin, docs: string | undefined): void {
  const file = origin.file.replaceAll(/[^\w.@-]+/g, '_');
  const what = world === undefined ? `\`${name}\`` : `components of the world \`${world}\` of \`${name}\``;
  out.comment(
    `Types of ${what} for the host, written by \`tenon types\`.`,
    [
      "    import { Component } from 'tenon';",
      `    import type { World } from './${file}.d.ts';`,
      '',
      `    const component = await Component.load<World>('${world ?? file}.wasm');`,
    ].join('\n'),
    docs,
  );
}

function importNames(out: Lines, imports: ScopeDecl): void {
  out.gap();
  out.comment('Other names under which imports may be given.');
  out.block(
    'type ImportNames =',
    () => {
      for (const each of importProperties(imports)) {
        const others = otherImportNames(each);
        if (others.length > 0) out.add(`${property(each.name)}: ${others.join(' | ')};`);
      }
    },
    '};',
  );
}

/** Helpers by name: a comment and the declaration. */
const HELPERS: Readonly<Record<Helper, readonly [comment: string, ...declaration: string[]]>> = {
  MaybePromise: ['A value, at once or later.', 'type MaybePromise<T> = T | Promise<T>;'],
  CallOptions: [
    'How an asynchronous function is called. An aborted `signal` cancels the call.',
    'interface CallOptions { readonly signal?: AbortSignal | undefined }',
  ],
  Chunks: [
    'What gives chunks of a stream one after the other. An array is one chunk, not several.',
    'type Chunks<T> = ReadableStream<T> | AsyncIterable<T> | (Iterable<T> & { readonly length?: never });',
  ],
  StreamSource: [
    'What may be given for a stream of `T`: all of it as an array, or chunks, which are arrays or single items that are none.',
    'type StreamSource<T, Numbers = never> =',
    '  | readonly T[]',
    '  | Numbers',
    '  | readonly Numbers[]',
    '  | Chunks<Exclude<T, readonly unknown[]> | readonly T[] | Numbers>;',
  ],
  ErrorContext: ['Describes an error, for people who debug.', `type ErrorContext = ${TENON}.ErrorContext;`],
};

function printHelpers(out: Lines, uses: Uses): readonly string[] {
  const used = Object.entries(HELPERS).filter(([name]) => uses.helpers.has(name as Helper));
  for (const [, [comment, ...declaration]] of used) {
    out.gap();
    out.comment(comment);
    for (const line of declaration) out.add(line);
  }
  return used.map(([name]) => name);
}

/** The text of the declarations. */
export function printDeclarations(world: HostWorld, origin: Origin): string {
  const out = new Lines();
  const naming = new Naming(world);
  const values = new ValueText(naming);
  const uses = new Uses(values, world);
  const scopes = new ScopeText({ out, naming, values, types: new TypeText(out, naming, values, uses) });
  header(out, origin, world.docs);
  out.gap();
  out.comment('The type for `Component.load<World>`.');
  out.block('interface World', () => {
    for (const [key, type] of [
      ['imports', 'Imports'],
      ['importNames', 'ImportNames'],
      ['exports', 'Exports'],
      ['promised', 'Promised'],
    ])
      out.add(`readonly ${key}: ${type};`);
  });
  scopes.side(world.imports, 'Imports', WHAT.Imports);
  importNames(out, world.imports);
  scopes.side(world.exports, 'Exports', WHAT.Exports);
  scopes.side(world.exports, 'Promised', WHAT.Promised);
  const exported = ['World', 'Imports', 'ImportNames', 'Exports', 'Promised'];
  for (const [scope, errors] of [
    [world.exports, 'ExportErrors'],
    [world.imports, 'ImportErrors'],
  ] as const)
    if (scopes.errors(scope, errors)) exported.push(errors);
  exported.push(...printHelpers(out, uses));
  out.gap();
  out.add(`export type { ${exported.join(', ')} };`);
  return out.toString();
}
