/** What components in text form that handle HTTP requests have in common. */

/** A function that the program calls: its name there, the instance and the name of it among the imports, its core type. */
export type Lowered = readonly [name: string, instance: string, path: string, type: string];

export interface HandlerParts {
  /** With the types `$request` and `$outparam`. */
  readonly imports: string;
  /** The core module `$Mem`, which has the memory `mem` and `realloc`. */
  readonly memory: string;
  readonly lowered: readonly Lowered[];
  /** Resource types of the imports whose handles the program drops, by `drop-NAME`. */
  readonly dropped?: readonly string[];
  /** The fields of a core module that exports `handle`. */
  readonly program: string;
}

/** A component that exports `wasi:http/incoming-handler@0.2.0`. */
export function handlerText({ imports, memory, lowered, dropped = [], program }: HandlerParts): string {
  const lowers = lowered.map(
    ([name, instance, path]) => `
  (core func $${name} (canon lower (func $${instance} "${path}")
    (memory (core memory $mem "mem")) (realloc (core func $mem "realloc"))))`,
  );
  const drops = dropped.map(
    (type) => `
  (core func $drop-${type} (canon resource.drop $${type}))`,
  );
  const names = [...lowered.map(([name]) => name), ...dropped.map((type) => `drop-${type}`)];
  const types = [...lowered.map(([, , , type]) => type), ...dropped.map(() => '(param i32)')];
  const wanted = names.map(
    (name, i) => `
    (import "" "${name}" (func $${name} ${types[i]}))`,
  );
  const given = names.map((name) => ` (export "${name}" (func $${name}))`);
  return `(component ${imports} ${memory}
  (core instance $mem (instantiate $Mem))${lowers.join('')}${drops.join('')}
  (core module $m
    (import "" "mem" (memory 1))${wanted.join('')}
    ${program})
  (core instance $m (instantiate $m (with "" (instance (export "mem" (memory $mem "mem"))${given.join('')}))))
  (func $handle (param "request" (own $request)) (param "response-out" (own $outparam))
    (canon lift (core func $m "handle")))
  (component $Handler
    (import "request" (type $request (sub resource)))
    (import "out" (type $out (sub resource)))
    (import "handle" (func $handle (param "request" (own $request)) (param "response-out" (own $out))))
    (export "handle" (func $handle)))
  (instance $handler (instantiate $Handler
    (with "request" (type $request)) (with "out" (type $outparam)) (with "handle" (func $handle))))
  (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))`;
}
