/** What components in text form that handle HTTP requests have in common. */

/** A function that the program calls: its name there, the instance and the name of it among the imports, its core type. */
export type Lowered = readonly [name: string, instance: string, path: string, type: string];

export interface HandlerParts {
  /** Instances that it imports before `wasi:http/types`. */
  readonly imports?: string;
  /** What it has of `wasi:http/types` besides {@link TYPES}. */
  readonly types?: string;
  /** The core module `$Mem`, which has the memory `mem` and `realloc`. */
  readonly memory: string;
  readonly lowered: readonly Lowered[];
  /** Resource types of the imports whose handles the program drops, by `drop-NAME`. */
  readonly dropped?: readonly string[];
  /** The fields of a core module that exports `handle`. */
  readonly program: string;
}

/** An import of `wasi:io/poll`, with the type `$pollable`. */
export const POLL = `
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
  (alias export $poll "pollable" (type $pollable))`;

/** A function of `wasi:io/streams` that writes to an output stream, of the type with this name. */
export const write = (stream: string): string => `
    (export "[method]output-stream.blocking-write-and-flush"
      (func (param "self" (borrow ${stream})) (param "contents" (list u8)) (result (result))))`;

/** What every handler has of `wasi:http/types`; errors that are not looked at have no type. */
const TYPES = `
    (export "fields" (type $fields (sub resource)))
    (export "incoming-request" (type $request (sub resource)))
    (export "outgoing-response" (type $response (sub resource)))
    (export "response-outparam" (type $outparam (sub resource)))
    (export "[constructor]fields" (func (result (own $fields))))
    (export "[constructor]outgoing-response" (func (param "headers" (own $fields)) (result (own $response))))
    (export "[static]response-outparam.set"
      (func (param "param" (own $outparam)) (param "response" (result (own $response) (error u8)))))`;

/** What those have of it that know the path of a request. */
export const PATH = `
    (export "[method]incoming-request.path-with-query"
      (func (param "self" (borrow $request)) (result (option string))))`;

/** What those have of it that add fields, or answer with a body, a stream of the type with this name. */
export const APPEND = `
    (export "[method]fields.append"
      (func (param "self" (borrow $fields)) (param "name" string) (param "value" (list u8)) (result (result))))`;
export const body = (stream: string): string => `
    (export "outgoing-body" (type $body (sub resource)))
    (export "[method]outgoing-response.body"
      (func (param "self" (borrow $response)) (result (result (own $body)))))
    (export "[method]outgoing-body.write" (func (param "self" (borrow $body)) (result (result (own ${stream})))))`;

/** The functions of {@link TYPES} as {@link HandlerParts.lowered} has them. */
export const LOWERED_TYPES: readonly Lowered[] = [
  ['fields', 'types', '[constructor]fields', '(result i32)'],
  ['response', 'types', '[constructor]outgoing-response', '(param i32) (result i32)'],
  ['set', 'types', '[static]response-outparam.set', '(param i32 i32 i32)'],
];

/** A core module `$Mem` of so many pages, which never gives memory back. */
export const growing = (pages: number): string => `
  (core module $Mem
    (memory (export "mem") ${pages})
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (global.get $next))
      (global.set $next (i32.add (local.get $at) (i32.add (local.get 3) (i32.const 8))))
      (local.get $at)))`;

/** A component that exports `wasi:http/incoming-handler@0.2.0`; of WASI it names what it uses. */
export function handlerText({
  imports = '',
  types = '',
  memory,
  lowered,
  dropped = [],
  program,
}: HandlerParts): string {
  const all = [...LOWERED_TYPES, ...lowered];
  const lowers = all.map(
    ([name, instance, path]) => `
  (core func $${name} (canon lower (func $${instance} "${path}")
    (memory (core memory $mem "mem")) (realloc (core func $mem "realloc"))))`,
  );
  const drops = dropped.map(
    (type) => `
  (core func $drop-${type} (canon resource.drop $${type}))`,
  );
  const names = [...all.map(([name]) => name), ...dropped.map((type) => `drop-${type}`)];
  const kinds = [...all.map(([, , , type]) => type), ...dropped.map(() => '(param i32)')];
  const wanted = names.map(
    (name, i) => `
    (import "" "${name}" (func $${name} ${kinds[i]}))`,
  );
  const given = names.map((name) => ` (export "${name}" (func $${name}))`);
  return `(component ${imports}
  (import "wasi:http/types@0.2.0" (instance $types ${TYPES}${types}))
  (alias export $types "incoming-request" (type $request))
  (alias export $types "response-outparam" (type $outparam))
  ${memory}
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
