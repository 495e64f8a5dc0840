/** How borders call what the host gave: with exactly the arguments that there are, and without lists of them where they are few. */

export type AnyFunction = (...args: unknown[]) => unknown;
type Methods = Record<string, AnyFunction>;
type Class = new (...args: unknown[]) => unknown;

/**
 * The same text, as the engine holds names of properties. With any other text its optimized code finds a name that it does not expect, gives
 * up, and is made again and again.
 */
function asKey(name: string): string {
  return Object.keys({ [name]: 0 })[0]!;
}

/** A function that calls the method `name` of its first argument with the others; `count` is how many there are in all. */
export function methodCaller(name: string, count: number): AnyFunction {
  const method = asKey(name);
  switch (count) {
    case 1:
      return (self) => (self as Methods)[method]!();
    case 2:
      return (self, a) => (self as Methods)[method]!(a);
    case 3:
      return (self, a, b) => (self as Methods)[method]!(a, b);
    case 4:
      return (self, a, b, c) => (self as Methods)[method]!(a, b, c);
    default:
      return (self, ...args) => (self as Methods)[method]!(...args);
  }
}

/** A function that constructs an object with `count` arguments. */
export function constructorCaller(cls: AnyFunction, count: number): AnyFunction {
  const Class = cls as unknown as Class;
  switch (count) {
    case 0:
      return () => new Class();
    case 1:
      return (a) => new Class(a);
    case 2:
      return (a, b) => new Class(a, b);
    default:
      return (...args) => new Class(...args);
  }
}
