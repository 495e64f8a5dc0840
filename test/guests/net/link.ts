/**
 * Stands for the linker of Rust's target wasm32-wasip2: links a core module by wasm-ld, whose objects say which interfaces they use, and
 * makes a component of it by wasm-tools, with an adapter for the preview 1 functions that the C library still calls.
 * `node link.ts WASM-LD WASM-TOOLS ADAPTER ...what rustc gives`.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';

const [linker, tools, adapter, ...given] = process.argv.slice(2) as [string, string, string, ...string[]];
// How rustc chooses among the linkers that are one program.
const args = given[0] === '-flavor' ? given.slice(2) : given;
const target = args[args.indexOf('-o') + 1]!;
const core = `${target}.core`;
execFileSync(linker, args.with(args.indexOf('-o') + 1, core), { stdio: 'inherit' });
execFileSync(tools, ['component', 'new', core, '--adapt', adapter, '-o', target], { stdio: 'inherit' });
rmSync(core);
