/**
 * Small core modules that stand between guests and JavaScript: around what may have to wait (call, and wait only if it asks to), around
 * what runs on a stack of its own, around `resource.drop` (so that the destructor is called by wasm and may wait), and the
 * wait for a closed instance. A JavaScript frame between two wasm frames would forbid suspension (docs/engine.md, "JSPI").
 */
import { ModuleBuilder, type WasmSignature, type WasmType } from '../core/builder.ts';
import { CONTEXT_0, CONTEXT_1, PENDING, SCRATCH } from '../runtime/control.ts';
import { CodeWriter } from '../util/code-writer.ts';

const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const CALL = 0x10;
const I32_LOAD = 0x28;
const I32_CONST = 0x41;
const IF = 0x04;
const LOOP = 0x03;
const BR = 0x0c;
const END = 0x0b;
const DROP = 0x1a;
const GLOBAL_GET = 0x23;
const I64_LOAD = 0x29;
const I64_STORE = 0x37;
const I64_CONST = 0x42;
const CALL_REF = 0x14;
/** `ref.cast (ref ht)`, behind 0xfb. */
const REF_CAST = 0x16;
const VOID = 0x40;

function load(w: CodeWriter, address: number): void {
  w.byte(I32_CONST).s(0).byte(I32_LOAD, 2).u(address);
}

/**
 * One function `s<i>` for each function that may have to wait: calls it, and as long as it asks to (the word PENDING) waits and lets it
 * go on. Imports: `tenon.control`, `tenon.wait`, `tenon.go-on:<results>` `(token) -> results`, and `host.e<i>` of the core signature.
 */
export function blockingShims(signatures: readonly WasmSignature[]): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.importMemory('tenon', 'control');
  const wait = m.importFunction('tenon', 'wait', { params: [], results: ['i32'] });
  const goesOn = new Map<string, number>();
  const imports = signatures.map((signature, i) => {
    const key = signature.results.join();
    if (!goesOn.has(key))
      goesOn.set(key, m.importFunction('tenon', `go-on:${key}`, { params: ['i32'], results: signature.results }));
    return { signature, goOn: goesOn.get(key)!, enter: m.importFunction('host', `e${i}`, signature) };
  });
  for (const [i, { signature, enter, goOn }] of imports.entries()) {
    const index = m.declare(signature);
    const w = new CodeWriter();
    const result = signature.params.length;
    const keep = (): unknown => signature.results.length > 0 && w.byte(LOCAL_SET).u(result);
    for (let p = 0; p < signature.params.length; p++) w.byte(LOCAL_GET).u(p);
    w.byte(CALL).u(enter);
    keep();
    w.byte(LOOP, VOID);
    load(w, PENDING);
    w.byte(IF, VOID, CALL).u(wait).byte(CALL).u(goOn);
    keep();
    w.byte(BR).u(1).byte(END, END);
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

/** `p` `(token, ...params)`: calls `core.f`, then `tenon.done` with the token and the results. */
export function promisedEntry(signature: WasmSignature): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  const done = m.importFunction('tenon', 'done', { params: ['i32', ...signature.results], results: [] });
  const core = m.importFunction('core', 'f', signature);
  const index = m.declare({ params: ['i32', ...signature.params], results: [] });
  const w = new CodeWriter().byte(LOCAL_GET).u(0);
  for (let p = 0; p < signature.params.length; p++) w.byte(LOCAL_GET).u(p + 1);
  w.byte(CALL).u(core).byte(CALL).u(done);
  m.body(index, [], w.finish());
  m.exportFunction('p', index);
  return m.finish();
}

/**
 * How threads start with one integer: `check` `(fn)` traps unless the function has that type; `run` `(fn, argument)` calls it; `start`
 * `(token, fn, argument)` calls it and then `tenon.done`.
 */
export function threadShim(argument: 'i32' | 'i64'): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  const done = m.importFunction('tenon', 'done', { params: ['i32'], results: [] });
  const type = m.type({ params: [argument], results: [] });
  const cast = (w: CodeWriter, fn: number): CodeWriter => w.byte(LOCAL_GET).u(fn).byte(0xfb).u(REF_CAST).s(type);
  const call = (w: CodeWriter, fn: number): CodeWriter =>
    cast(w.byte(LOCAL_GET).u(fn + 1), fn)
      .byte(CALL_REF)
      .u(type);
  const check = m.declare({ params: ['funcref'], results: [] });
  const run = m.declare({ params: ['funcref', argument], results: [] });
  const start = m.declare({ params: ['i32', 'funcref', argument], results: [] });
  m.body(check, [], cast(new CodeWriter(), 0).byte(DROP).finish());
  m.body(run, [], call(new CodeWriter(), 0).finish());
  m.body(start, [], call(new CodeWriter(), 1).byte(LOCAL_GET).u(0).byte(CALL).u(done).finish());
  m.exportFunction('check', check);
  m.exportFunction('run', run);
  m.exportFunction('start', start);
  return m.finish();
}

/**
 * `drop` `(handle)`: `tenon.drop(handle)` takes the handle out of the table and answers 1 if the destructor must run now; the rep
 * is then in SCRATCH and the destructor's instance has been pushed on the call stack, from where `tenon.dropped()` takes it.
 */
export function dropShim(): Uint8Array<ArrayBuffer> {
  const m = new ModuleBuilder();
  m.importMemory('tenon', 'control');
  const slot = m.importGlobal('core', 'slot', 'i32');
  const drop = m.importFunction('tenon', 'drop', { params: ['i32'], results: ['i32'] });
  const dropped = m.importFunction('tenon', 'dropped', { params: [], results: [] });
  const dtor = m.importFunction('core', 'dtor', { params: ['i32'], results: [] });
  const index = m.declare({ params: ['i32'], results: [] });
  const w = new CodeWriter().byte(LOCAL_GET).u(0).byte(CALL).u(drop).byte(IF, VOID);
  // The destructor runs in a thread of its own, whose context begins at zero.
  const contexts = [CONTEXT_0, CONTEXT_1].map((offset, i) => ({ offset, local: i + 1 }));
  for (const { offset, local } of contexts) {
    w.byte(GLOBAL_GET).u(slot).byte(I64_LOAD, 3).u(offset).byte(LOCAL_SET).u(local);
    w.byte(GLOBAL_GET).u(slot).byte(I64_CONST).s(0n).byte(I64_STORE, 3).u(offset);
  }
  load(w, SCRATCH);
  w.byte(CALL).u(dtor).byte(CALL).u(dropped);
  for (const { offset, local } of contexts)
    w.byte(GLOBAL_GET).u(slot).byte(LOCAL_GET).u(local).byte(I64_STORE, 3).u(offset);
  w.byte(END);
  m.body(index, ['i64', 'i64'], w.finish());
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
