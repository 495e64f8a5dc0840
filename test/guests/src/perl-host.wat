;; What the Perl reactor imports besides WASI; plain Perl never calls it.
(module (func (export "call_host_function") (param i32 i32 i32) (result i32) unreachable))
