import { growing, handlerText, PATH } from './handler-text.ts';

/** A component that handles HTTP requests: it computes without end where the path begins with `/s`, and answers 200 to all others. */
export const SPINNING_HANDLER = handlerText({
  types: PATH,
  memory: growing(1),
  lowered: [['path', 'types', '[method]incoming-request.path-with-query', '(param i32 i32)']],
  program: `
    (func $spin (loop $l (br $l)))
    (func (export "handle") (param $request i32) (param $out i32)
      (call $path (local.get $request) (i32.const 16))
      (if (i32.eq (i32.load8_u offset=1 (i32.load (i32.const 20))) (i32.const 115)) (then (call $spin)))
      (call $set (local.get $out) (i32.const 0) (call $response (call $fields))))`,
});
