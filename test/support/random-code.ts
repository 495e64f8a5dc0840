/** Seeded core modules whose functions loop, branch, call each other, throw and catch, and end: for rewrites that must not change what they do. */
import { below, type Next, pick } from './random-definitions.ts';

const MODULE_FUNCTIONS = 4;

/** Writes the body of one function. */
class Body {
  readonly #next: Next;
  /** Labels of the constructs that are open, innermost last. */
  readonly #labels: string[] = [];
  readonly #index: number;
  #names = 0;

  constructor(next: Next, index: number) {
    this.#next = next;
    this.#index = index;
  }

  #number(depth: number): string {
    const inner = (): string => this.#number(depth - 1);
    if (depth === 0)
      return pick(this.#next, [
        `(i32.const ${below(this.#next, 9)})`,
        '(local.get 0)',
        '(local.get 1)',
        '(global.get $n)',
      ]);
    switch (below(this.#next, 8)) {
      case 0:
        return `(i32.add ${inner()} ${inner()})`;
      case 1:
        return `(i32.xor ${inner()} ${inner()})`;
      case 2:
        return `(i32.load8_u (i32.and ${inner()} (i32.const 1023)))`;
      case 3:
        return `(if (result i32) ${inner()} (then ${inner()}) (else ${inner()}))`;
      case 4:
        return this.#index === 0 ? inner() : `(call $f${below(this.#next, this.#index)} ${inner()} ${inner()})`;
      case 5:
        return `(i32x4.extract_lane ${below(this.#next, 4)} (i32x4.splat ${inner()}))`;
      case 6:
        if (this.#index === 0) return inner();
        return `(call_indirect (param i32 i32) (result i32) ${inner()} ${inner()} (i32.const ${below(this.#next, this.#index)}))`;
      default:
        return '(memory.size)';
    }
  }

  #label(): string {
    return pick(this.#next, this.#labels);
  }

  #within(open: (label: string) => string, depth: number, close = ')'): string {
    const label = `$l${this.#names++}`;
    this.#labels.push(label);
    const text = `${open(label)} ${this.#statements(depth)}${close}`;
    this.#labels.pop();
    return text;
  }

  /** A loop that a counter of the module ends. */
  #loop(depth: number): string {
    return this.#within(
      (label) => `(loop ${label}
        (if (i32.eqz (global.get $left)) (then (return (local.get 0))))
        (global.set $left (i32.sub (global.get $left) (i32.const 1)))
        ${below(this.#next, 2) === 0 ? `(br_if ${label} ${this.#number(1)})` : ''}`,
      depth,
    );
  }

  #branch(): string {
    const label = this.#label();
    switch (below(this.#next, 5)) {
      case 0:
        return `(br ${label})`;
      case 1:
        return `(br_table ${label} ${this.#label()} ${this.#label()} ${this.#number(1)})`;
      case 2:
        return `(return ${this.#number(1)})`;
      default:
        return `(br_if ${label} ${this.#number(1)})`;
    }
  }

  #statement(depth: number): string {
    if (depth === 0) return `(local.set ${below(this.#next, 2)} ${this.#number(2)})`;
    switch (below(this.#next, 10)) {
      case 0:
        return this.#loop(depth - 1);
      case 1:
        return this.#within((label) => `(block ${label}`, depth - 1);
      case 2:
        return `(if ${this.#number(1)} ${this.#within((label) => `(then (block ${label}`, depth - 1, '))')} ${this.#within((label) => `(else (block ${label}`, depth - 1, '))')})`;
      case 3:
      case 4:
        return this.#branch();
      case 5:
        return this.#within((label) => `(block ${label} (try_table (catch_all ${label})`, depth - 1, '))');
      case 6:
        return `(if ${this.#number(1)} (then (throw $t)))`;
      case 7:
        return `(i32.store8 (i32.and ${this.#number(1)} (i32.const 1023)) ${this.#number(2)})`;
      case 8:
        return `(global.set $n ${this.#number(2)})`;
      default:
        return `(drop (memory.grow (i32.and ${this.#number(1)} (i32.const 1))))`;
    }
  }

  #statements(depth: number): string {
    return Array.from({ length: 1 + below(this.#next, 3) }, () => this.#statement(depth)).join('\n');
  }

  text(): string {
    // The labels that a branch may name are never none.
    return `${this.#within((label) => `(block ${label}`, 4)} ${this.#number(2)}`;
  }
}

/** A module whose function `run` calls others, which take branches by its arguments; `left` bounds the loops. */
export function randomModule(next: Next): string {
  const functions = Array.from(
    { length: MODULE_FUNCTIONS },
    (_, i) => `(func $f${i} (export "f${i}") (param i32 i32) (result i32) ${new Body(next, i).text()})`,
  );
  return `(module
    (memory (export "mem") 1 4)
    (global $n (export "n") (mut i32) (i32.const 3))
    (global $left (export "left") (mut i32) (i32.const 0))
    (tag $t)
    (table ${MODULE_FUNCTIONS} funcref)
    (elem (i32.const 0) ${functions.map((_, i) => `$f${i}`).join(' ')})
    (data (i32.const 0) "\\01\\00\\02\\07random")
    ${functions.join('\n')})`;
}
