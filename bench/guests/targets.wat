;; Four exports of one type, for calls from one call site.
(component
  (core module $M
    (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
    (func (export "sub") (param i32 i32) (result i32) local.get 0 local.get 1 i32.sub)
    (func (export "xor") (param i32 i32) (result i32) local.get 0 local.get 1 i32.xor)
    (func (export "or") (param i32 i32) (result i32) local.get 0 local.get 1 i32.or))
  (core instance $m (instantiate $M))
  (func (export "add") (param "left" u32) (param "right" u32) (result u32) (canon lift (core func $m "add")))
  (func (export "sub") (param "left" u32) (param "right" u32) (result u32) (canon lift (core func $m "sub")))
  (func (export "xor") (param "left" u32) (param "right" u32) (result u32) (canon lift (core func $m "xor")))
  (func (export "or") (param "left" u32) (param "right" u32) (result u32) (canon lift (core func $m "or"))))
