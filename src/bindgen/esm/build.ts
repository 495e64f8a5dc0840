/**
 * Builds a component ahead of time: an ES module, its declarations, and core modules beside it. The module holds the plan as data and the
 * border functions as code; it runs on `tenon/runtime`, of which a bundler keeps what the module names.
 */

import { quote } from '../../abi/js/emit-code.ts';
import { LinkError, UsageError } from '../../error/error.ts';
import { RAISE } from '../../error/trap.ts';
import type { Plan } from '../../link/plan.ts';
import { makePlan } from '../../link/planner.ts';
import type { Component } from '../../runtime/component.ts';
import { draftExports, draftGroups } from '../../runtime/draft.ts';
import { dataOf } from '../../runtime/loaded.ts';
import { limitedModules, memoryWidth, sharedLimit } from '../../runtime/memories.ts';
import type { WorldTypes } from '../../runtime/world.ts';
import type { Component as ComponentData } from '../../types/definition.ts';
import { builtTypes } from '../built-types.ts';
import { BorderDeclarations } from './borders.ts';
import { builtData, type Parts } from './built-code.ts';
import { CoreFiles } from './core-files.ts';
import { Code, DataPrinter, propertyName } from './literal.ts';

/** How a component is built. */
export interface BuildOptions {
  /** What the names of all files begin with: letters, digits, `.`, `_` and `-`. Default `component`. */
  readonly name?: string;
  /** The component's file, for comments. Default NAME.wasm. */
  readonly source?: string;
  /** Linear memory that an instance may use, in bytes; growth beyond it fails. */
  readonly maxMemory?: number;
  /** What the module imports as its runtime. Default `tenon/runtime`. */
  readonly runtime?: string;
}

/** One file that was built. */
export interface BuiltFile {
  readonly name: string;
  readonly content: string | Uint8Array<ArrayBuffer>;
}

function checkedName(name: string): string {
  if (/^[A-Za-z0-9_][\w.-]{0,199}$/.test(name)) return name;
  throw new UsageError('bad-name', `${JSON.stringify(name)} cannot begin the names of files`, {
    expected: 'letters, digits, `.`, `_` and `-`, the first of them no `.` or `-`',
    hint: 'give another name: `--name`, or the option `name`',
  });
}

function fileTable(names: readonly string[]): Code {
  const lines = names.map(
    (name) => `    ${propertyName(name)}: () => new URL(${quote(`./${name}`)}, import.meta.url),`,
  );
  return new Code(`{\n${lines.join('\n')}\n  }`);
}

/** The text of the module. */
function moduleText(name: string, runtime: string, parts: Parts): string {
  const trap = parts.files.add('trap', new Uint8Array(RAISE));
  const data = builtData(parts);
  const files = parts.files.all.map((file) => file.name);
  const built = { ...data, files: fileTable(files), trap };
  const { borders } = parts;
  const printer = new DataPrinter([...Object.values(built), ...borders.constants]);
  const functions = borders.text((value) => printer.print(value));
  const fields = Object.entries(built).filter(([, value]) => value !== undefined);
  const lines = fields.map(([key, value]) => `  ${key}: ${printer.print(value)},`);
  const from = quote(runtime);
  const code = functions.join('\n');
  return `// ${name}.js, written by \`tenon build\`. Its core modules lie beside it: ${files.filter((f) => f !== trap).join(', ')}.
import * as R from ${from};
${code.includes('S.') ? `import * as S from ${from};\n` : ''}${
  code.includes('ComponentError') ? `import { ComponentError } from ${from};\n` : ''
}
${[...printer.constants, ...functions].join('\n')}

const built = {
${lines.join('\n')}
};

export const link = (imports, options) => R.link(built, imports, options);

export async function instantiate(imports, options) {
  return (await link(imports, options)).instantiate();
}
`;
}

/** The plan of a component in which everything is known. */
function planOf(data: ComponentData): Plan {
  try {
    return makePlan(data, new Map(), memoryWidth);
  } catch (error) {
    if (!(error instanceof LinkError) || error.code !== 'missing-import') throw error;
    throw new LinkError(error.code, error.message, {
      hint: 'what is built has everything in it: compose the components first, or load this one in process',
      cause: error,
    });
  }
}

/**
 * Builds a loaded component: an ES module, its declarations, and the core modules that it loads. `tenon build` writes them into a folder.
 * @throws LinkError `missing-import` if the component imports components, `memory-limit` if it starts with more memory than allowed
 * @throws UsageError `bad-name`
 * @example
 * ```ts
 * import { Component } from 'tenon';
 * import { buildComponent } from 'tenon/bindgen';
 *
 * const style = await Component.load('examples/composed/style.wasm');
 * const files = buildComponent(style, { name: 'style' });
 * console.log(files.map((file) => file.name).join(' ')); // prints style.js style.d.ts style.trap.wasm style.core.wasm
 * ```
 */
export function buildComponent<W extends WorldTypes>(
  component: Component<W>,
  options: BuildOptions = {},
): readonly BuiltFile[] {
  const data = dataOf(component);
  if (data === undefined)
    throw new UsageError('not-a-component', 'only a loaded Component can be built', { hint: 'use Component.load' });
  const name = checkedName(options.name ?? 'component');
  const plan = planOf(data);
  const { maxMemory } = options;
  const limited = limitedModules(plan, maxMemory === undefined ? undefined : sharedLimit(plan, maxMemory));
  const parts: Parts = {
    plan,
    groups: draftGroups(plan, new Map(), { mode: 'generated', flavour: 'plain', suspends: true }),
    exports: draftExports(plan),
    borders: new BorderDeclarations(),
    files: new CoreFiles(name),
    bytesOf: (ref) => limited.get(ref) ?? ref.bytes.slice(ref.start, ref.end),
  };
  const text = moduleText(name, options.runtime ?? 'tenon/runtime', parts);
  return [
    { name: `${name}.js`, content: text },
    { name: `${name}.d.ts`, content: builtTypes(data, options.source ?? `${name}.wasm`, name) },
    ...parts.files.all.map(({ name, bytes }) => ({ name, content: bytes })),
  ];
}
