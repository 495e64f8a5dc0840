/**
 * Small core modules that stand between guests and JavaScript: around a host function (call, and wait only if it answered with a
 * promise), around a promised export, around `resource.drop` (so that the destructor is called by wasm and may wait), and the
 * wait for a closed instance. A JavaScript frame between two wasm frames would forbid suspension (docs/engine.md, "JSPI").
 */
import { ModuleBuilder, type WasmSignature, type WasmType } from '../core/builder.ts';
import { CALL_TOP, PENDING, SCRATCH } from '../runtime/control.ts';
import { CodeWriter } from '../util/code-writer.ts';

const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const CALL = 0x10;
const I32_LOAD = 0x28;
const I32_STORE = 0x36;
const I32_CONST = 0x41;
const IF = 0x04;
const LOOP = 0x03;
const BR = 0x0c;
const END = 0x0b;
const I32_SUB = 0x6b;
const VOID = 0x40;

function load(w: CodeWriter, address: number): void {
  w.byte(I32_CONST).s(0).byte(I32_LOAD, 2).u(address);
}

/**
 * One function `s<i>` for each host function. Imports: `tenon.control`, `tenon.wait`, and `host.e<i>` (enter), `host.f<i>`
 * (finish), of the core signature and of `(token) -> results`.
 */
export function hostShims(signatures: readonly WasmSignature[]): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.importMemory('tenon', 'control');
  const wait = m.importFunction('tenon', 'wait', { params: [], results: ['i32'] });
  const imports = signatures.map((signature, i) => ({
    signature,
    enter: m.importFunction('host', `e${i}`, signature),
    finish: m.importFunction('host', `f${i}`, { params: ['i32'], results: signature.results }),
  }));
  for (const [i, { signature, enter, finish }] of imports.entries()) {
    const index = m.declare(signature);
    const w = new CodeWriter();
    const result = signature.params.length;
    for (let p = 0; p < signature.params.length; p++) w.byte(LOCAL_GET).u(p);
    w.byte(CALL).u(enter);
    if (signature.results.length > 0) w.byte(LOCAL_SET).u(result);
    load(w, PENDING);
    w.byte(IF, VOID, CALL).u(wait).byte(CALL).u(finish);
    if (signature.results.length > 0) w.byte(LOCAL_SET).u(result);
    w.byte(END);
    if (signature.results.length > 0) w.byte(LOCAL_GET).u(result);
    m.body(index, signature.results, w.finish());
    m.exportFunction(`s${i}`, index);
  }
  return m.finish();
}

/**
 * One function `p<i>` `(token, ...params)` for each export: calls the core function (`core.c<i>`), then `tenon.done:<results>`
 * with the token and the results.
 */
export function promisedEntries(signatures: readonly WasmSignature[]): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  const done = new Map<string, number>();
  const cores = signatures.map((signature, i) => {
    const key = signature.results.join();
    if (!done.has(key)) {
      done.set(key, m.importFunction('tenon', `done:${key}`, { params: ['i32', ...signature.results], results: [] }));
    }
    return m.importFunction('core', `c${i}`, signature);
  });
  for (const [i, signature] of signatures.entries()) {
    const index = m.declare({ params: ['i32', ...signature.params], results: [] });
    const w = new CodeWriter().byte(LOCAL_GET).u(0);
    for (let p = 0; p < signature.params.length; p++) w.byte(LOCAL_GET).u(p + 1);
    w.byte(CALL).u(cores[i]!).byte(CALL).u(done.get(signature.results.join())!);
    m.body(index, [], w.finish());
    m.exportFunction(`p${i}`, index);
  }
  return m.finish();
}

/**
 * `drop` `(handle)`: `tenon.drop(handle)` takes the handle out of the table and answers 1 if the destructor must run now; the rep
 * is then in SCRATCH and the destructor's instance has been pushed on the call stack.
 */
export function dropShim(): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.importMemory('tenon', 'control');
  const drop = m.importFunction('tenon', 'drop', { params: ['i32'], results: ['i32'] });
  const dtor = m.importFunction('core', 'dtor', { params: ['i32'], results: [] });
  const index = m.declare({ params: ['i32'], results: [] });
  const w = new CodeWriter().byte(LOCAL_GET).u(0).byte(CALL).u(drop).byte(IF, VOID);
  load(w, SCRATCH);
  w.byte(CALL).u(dtor);
  w.byte(I32_CONST).s(0);
  load(w, CALL_TOP);
  w.byte(I32_CONST).s(4).byte(I32_SUB, I32_STORE, 2).u(CALL_TOP).byte(END);
  m.body(index, [], w.finish());
  m.exportFunction('drop', index);
  return m.finish();
}

/** `closed` `(slot)`: returns once the instance may be entered. Imports `tenon.await-open`, `tenon.wait`, `tenon.resumed`. */
export function closedShim(): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.importMemory('tenon', 'control');
  const awaitOpen = m.importFunction('tenon', 'await-open', { params: ['i32'], results: [] });
  const wait = m.importFunction('tenon', 'wait', { params: [], results: ['i32'] });
  const resumed = m.importFunction('tenon', 'resumed', { params: ['i32'], results: [] });
  const index = m.declare({ params: ['i32'], results: [] });
  const w = new CodeWriter().byte(LOOP, VOID, LOCAL_GET).u(0).byte(CALL).u(awaitOpen);
  load(w, PENDING);
  w.byte(IF, VOID, CALL).u(wait).byte(CALL).u(resumed).byte(BR).u(1).byte(END, END);
  m.body(index, [], w.finish());
  m.exportFunction('closed', index);
  return m.finish();
}

/**
 * `edge` of a signature: calls what stands in slot 0 of the imported table. A live edge between two instances goes through such a
 * slot, so that the part behind it can be replaced while the rest runs.
 */
export function edgeShim(signature: WasmSignature): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.importTable('edge', 'table');
  const index = m.declare(signature);
  const w = new CodeWriter();
  for (let p = 0; p < signature.params.length; p++) w.byte(LOCAL_GET).u(p);
  w.byte(I32_CONST).s(0).byte(0x11).u(m.type(signature)).u(0);
  m.body(index, [], w.finish());
  m.exportFunction('edge', index);
  return m.finish();
}

/** A core signature as a cache key. */
export function signatureKey(signature: WasmSignature): string {
  return `${signature.params.join()}:${signature.results.join()}`;
}

export type { WasmSignature, WasmType };
