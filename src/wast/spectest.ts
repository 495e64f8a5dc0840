/** The module `spectest` that scripts of core modules import. Specification: the core suite's README, "spectest". */

type Exports = Record<string, WebAssembly.ExportValue>;

function global(value: WebAssembly.ValueType, initial: number | bigint): WebAssembly.Global {
  return new WebAssembly.Global({ value, mutable: false }, initial as never);
}

/** Every `print` takes its arguments and says nothing. */
function quiet(): void {}

export function spectest(): Exports {
  return {
    print: quiet,
    print_i32: quiet,
    print_i64: quiet,
    print_f32: quiet,
    print_f64: quiet,
    print_i32_f32: quiet,
    print_f64_f64: quiet,
    global_i32: global('i32', 666),
    global_i64: global('i64', 666n),
    global_f32: global('f32', 666.6),
    global_f64: global('f64', 666.6),
    table: new WebAssembly.Table({ element: 'anyfunc', initial: 10, maximum: 20 }),
    ...table64(),
    memory: new WebAssembly.Memory({ initial: 1, maximum: 2 }),
    shared_memory: new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }),
  } as Exports;
}

/** Engines without 64-bit tables have none. */
function table64(): Exports {
  const descriptor = { element: 'anyfunc', address: 'i64', initial: 10n, maximum: 20n };
  try {
    return { table64: new WebAssembly.Table(descriptor as unknown as WebAssembly.TableDescriptor) };
  } catch {
    return {};
  }
}
