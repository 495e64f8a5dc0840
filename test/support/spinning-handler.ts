/**
 * A component that handles HTTP requests: it computes without end where the path begins with `/s`, and answers 200 to all others. Of
 * `wasi:http/types` it names what it uses; the errors that it never gives are numbers.
 */
const TYPES = `
    (export "fields" (type $fields (sub resource)))
    (export "incoming-request" (type $request (sub resource)))
    (export "outgoing-response" (type $response (sub resource)))
    (export "response-outparam" (type $out (sub resource)))
    (export "[constructor]fields" (func (result (own $fields))))
    (export "[method]incoming-request.path-with-query"
      (func (param "self" (borrow $request)) (result (option string))))
    (export "[constructor]outgoing-response" (func (param "headers" (own $fields)) (result (own $response))))
    (export "[static]response-outparam.set"
      (func (param "param" (own $out)) (param "response" (result (own $response) (error u8)))))`;

const CORE = `
  (core module $Mem
    (memory (export "mem") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (global.get $next))
      (global.set $next (i32.add (local.get $at) (i32.add (local.get 3) (i32.const 8))))
      (local.get $at)))
  (core instance $mem (instantiate $Mem))`;

export const SPINNING_HANDLER = `(component
  (import "wasi:http/types@0.2.0" (instance $types ${TYPES}))
  (alias export $types "incoming-request" (type $request))
  (alias export $types "response-outparam" (type $out))
  ${CORE}
  (core func $fields (canon lower (func $types "[constructor]fields")))
  (core func $path (canon lower (func $types "[method]incoming-request.path-with-query")
    (memory (core memory $mem "mem")) (realloc (core func $mem "realloc"))))
  (core func $response (canon lower (func $types "[constructor]outgoing-response")))
  (core func $set (canon lower (func $types "[static]response-outparam.set")))
  (core module $m
    (import "" "mem" (memory 1))
    (import "" "fields" (func $fields (result i32)))
    (import "" "path" (func $path (param i32 i32)))
    (import "" "response" (func $response (param i32) (result i32)))
    (import "" "set" (func $set (param i32 i32 i32)))
    (func $spin (loop $l (br $l)))
    (func (export "handle") (param $request i32) (param $out i32)
      (call $path (local.get $request) (i32.const 16))
      (if (i32.eq (i32.load8_u offset=1 (i32.load (i32.const 20))) (i32.const 115)) (then (call $spin)))
      (call $set (local.get $out) (i32.const 0) (call $response (call $fields)))))
  (core instance $m (instantiate $m (with "" (instance
    (export "mem" (memory $mem "mem"))
    (export "fields" (func $fields))
    (export "path" (func $path))
    (export "response" (func $response))
    (export "set" (func $set))))))
  (func $handle (param "request" (own $request)) (param "response-out" (own $out))
    (canon lift (core func $m "handle")))
  (component $Handler
    (import "request" (type $request (sub resource)))
    (import "out" (type $out (sub resource)))
    (import "handle" (func $handle (param "request" (own $request)) (param "response-out" (own $out))))
    (export "handle" (func $handle)))
  (instance $handler (instantiate $Handler
    (with "request" (type $request)) (with "out" (type $out)) (with "handle" (func $handle))))
  (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))`;
