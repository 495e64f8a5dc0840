;; What the Prolog interpreter imports besides WASI; plain Prolog never calls it.
(module
  (func (export "host-call") (param i32 i32 i32 i32 i32) (result i32) unreachable)
  (func (export "host-resume") (param i32 i32 i32) (result i32) unreachable))
