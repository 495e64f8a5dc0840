/**
 * Measures what the design stands on, in one run: `node bench/engine/facts.ts`. Ratios matter, not nanoseconds. docs/engine.md has
 * the last results and what follows from each.
 */
import { ModuleBuilder } from '../../src/core/builder.ts';
import { CodeWriter } from '../../src/util/code-writer.ts';

type Fn = (...args: number[]) => number;

const I32X2 = { params: ['i32', 'i32'], results: ['i32'] } as const;
const ONE = { params: ['i32'], results: ['i32'] } as const;

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

/** Nanoseconds a turn of `body(n)`, median of several runs that alternate with the others. */
function measure(cases: Record<string, (n: number) => unknown>, n: number, rounds = 9): Map<string, number> {
  const times = new Map<string, number[]>();
  for (let round = -2; round < rounds; round++) {
    for (const [name, body] of Object.entries(cases)) {
      const begin = performance.now();
      body(n);
      const ns = ((performance.now() - begin) * 1e6) / n;
      if (round >= 0) times.set(name, [...(times.get(name) ?? []), ns]);
    }
  }
  return new Map([...times].map(([name, values]) => [name, median(values)]));
}

function instance(module: ModuleBuilder, imports: WebAssembly.Imports = {}): WebAssembly.Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(module.finish()), imports).exports;
}

/** `add`, and a loop that calls an imported `f` n times. */
function adder(): Fn {
  const m = new ModuleBuilder();
  const add = m.declare(I32X2);
  m.body(add, [], new CodeWriter().byte(0x20, 0, 0x20, 1, 0x6a).finish());
  m.exportFunction('add', add);
  return instance(m)['add'] as Fn;
}

function looper(f: Fn): Fn {
  const m = new ModuleBuilder();
  const callee = m.importFunction('h', 'f', I32X2);
  const loop = m.declare(ONE);
  // loop: x = f(x, n); n = n - 1; br_if n
  const w = new CodeWriter()
    .byte(0x03, 0x40, 0x20, 1, 0x20, 0, 0x10)
    .u(callee)
    .byte(0x21, 1, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x20, 1);
  m.body(loop, ['i32'], w.finish());
  m.exportFunction('loop', loop);
  return instance(m, { h: { f } })['loop'] as Fn;
}

function state(): void {
  const global = new WebAssembly.Global({ value: 'i32', mutable: true }, 0);
  const view = new Int32Array(new WebAssembly.Memory({ initial: 1 }).buffer);
  const { memory } = { memory: new WebAssembly.Memory({ initial: 1 }) };
  let sink = 0;
  print('state that wasm and JavaScript share (ns a read)', {
    'Global.value': (n) => {
      for (let i = 0; i < n; i++) sink = (sink + global.value) | 0;
    },
    Int32Array: (n) => {
      for (let i = 0; i < n; i++) sink = (sink + view[i & 15]!) | 0;
    },
    'memory.buffer': (n) => {
      for (let i = 0; i < n; i++) sink = (sink + memory.buffer.byteLength) | 0;
    },
  });
  if (sink === -1) console.log(sink);
}

function calls(): void {
  const add = adder();
  const between = looper(add);
  const toJs = looper((a, b) => (a + b) | 0);
  print('calls (ns each)', {
    'JavaScript to wasm': (n) => {
      let x = 0;
      for (let i = 0; i < n; i++) x = add(x, i);
      return x;
    },
    'wasm to wasm, other instance': (n) => between(n),
    'wasm to JavaScript': (n) => toJs(n),
  });
}

async function waiting(): Promise<void> {
  const jspi = WebAssembly as unknown as {
    Suspending: new (f: unknown) => Fn;
    promising: (f: unknown) => (n: number) => Promise<number>;
  };
  const plain = looper(new jspi.Suspending((a: number, b: number) => (a + b) | 0));
  const run = jspi.promising(plain);
  const n = 20_000;
  await run(n);
  const begin = performance.now();
  await run(n);
  console.log(
    `\na Suspending import that need not wait: ${(((performance.now() - begin) * 1e6) / n).toFixed(0)} ns each`,
  );
}

function traps(): void {
  const m = new ModuleBuilder();
  const f = m.importFunction('h', 'f', { params: [], results: [] });
  const g = m.declare({ params: [], results: ['i32'] });
  // block; try_table (catch_all 0) call f; i32.const 0; return; end; end; i32.const 1
  m.body(
    g,
    [],
    new CodeWriter().byte(0x02, 0x40, 0x1f, 0x40, 1, 2, 0, 0x10).u(f).byte(0x41, 0, 0x0f, 0x0b, 0x0b, 0x41, 1).finish(),
  );
  m.exportFunction('g', g);
  const trapModule = new ModuleBuilder();
  const t = trapModule.declare({ params: [], results: [] });
  trapModule.body(t, [], new CodeWriter().byte(0x00).finish());
  trapModule.exportFunction('t', t);
  const trap = instance(trapModule)['t'] as () => void;
  const kinds: Record<string, () => void> = {
    'new Error': () => {
      throw new Error('x');
    },
    'new WebAssembly.RuntimeError': () => {
      throw new WebAssembly.RuntimeError('x');
    },
    'a trap that wasm made, caught and thrown again': () => {
      try {
        trap();
      } catch (error) {
        (error as Error).message = 'x';
        throw error;
      }
    },
  };
  console.log("\nwhat a guest's catch_all sees of an import that throws");
  for (const [name, throws] of Object.entries(kinds)) {
    let seen = 'escapes';
    try {
      if ((instance(m, { h: { f: throws } })['g'] as () => number)() === 1) seen = 'is caught by the guest';
    } catch {
      // It went past the guest.
    }
    console.log(`  ${name}: ${seen}`);
  }
}

function print(title: string, cases: Record<string, (n: number) => unknown>): void {
  console.log(`\n${title}`);
  for (const [name, ns] of measure(cases, 2_000_000)) console.log(`  ${name}: ${ns.toFixed(1)}`);
}

console.log(`Node ${process.version}, V8 ${process.versions.v8}`);
state();
calls();
await waiting();
traps();
