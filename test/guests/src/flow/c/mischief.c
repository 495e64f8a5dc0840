/* What a component should not do, see `mischief` in flow.wit. Nothing stands between these functions and the built-ins. */
#include "abi.h"

#define MISCHIEF "[export]demo:flow/mischief@0.1.0"
#define LIFT "[async-lift]demo:flow/mischief@0.1.0#"

IMPORT(MISCHIEF, "[task-return]unwritten") void return_unwritten(uint32_t future);
IMPORT(MISCHIEF, "[future-new-0]unwritten") uint64_t future_new(void);
IMPORT(MISCHIEF, "[future-drop-writable-0]unwritten") void future_drop_writable(uint32_t future);
IMPORT(MISCHIEF, "[task-return]kept") void return_kept(uint32_t future);
IMPORT(MISCHIEF, "[future-new-0]kept") uint64_t kept_new(void);
IMPORT(MISCHIEF, "[task-return]breaks") void return_breaks(uint32_t stream);
IMPORT(MISCHIEF, "[stream-new-0]breaks") uint64_t stream_new(void);
IMPORT(MISCHIEF, "[async-lower][stream-write-0]breaks") uint32_t stream_write(uint32_t stream, const uint8_t *from, uint32_t count);
IMPORT(MISCHIEF, "[task-return]ignores") void return_ignores(uint32_t number);
IMPORT(MISCHIEF, "[task-return]leaves") void return_leaves(uint32_t number);
IMPORT(MISCHIEF, "[stream-read-0]leaves") uint32_t stream_read_sync(uint32_t stream, uint8_t *to, uint32_t count);
IMPORT(MISCHIEF, "[stream-drop-readable-0]leaves") void stream_drop_readable(uint32_t stream);
IMPORT(MISCHIEF, "[task-return]forever") void return_forever(uint32_t number);

static uint8_t buffer[BUFFER];
static uint32_t ignored, left;

/* The end goes and nothing was written. */
EXPORT(LIFT "unwritten") uint32_t unwritten(void) {
  uint64_t ends = future_new();
  return_unwritten(readable(ends));
  future_drop_writable(writable(ends));
  return EXIT;
}

EXPORT("[callback]" LIFT "unwritten") uint32_t unwritten_callback(uint32_t event, uint32_t index, uint32_t payload) {
  __builtin_trap();
}

EXPORT(LIFT "kept") uint32_t kept(void) {
  return_kept(readable(kept_new()));
  return EXIT;
}

EXPORT("[callback]" LIFT "kept") uint32_t kept_callback(uint32_t event, uint32_t index, uint32_t payload) {
  __builtin_trap();
}

static uint32_t breaking(uint32_t stream, uint32_t written) {
  for (left -= written; left > 0; left -= written) {
    uint32_t result = stream_write(stream, buffer, left < BUFFER ? left : BUFFER);
    if (result == BLOCKED) {
      uint32_t set = waitable_set_new();
      waitable_join(stream, set);
      return WAIT | set << 4;
    }
    written = result >> 4;
  }
  __builtin_trap();
}

EXPORT(LIFT "breaks") uint32_t breaks(uint32_t count) {
  uint64_t ends = stream_new();
  return_breaks(readable(ends));
  left = count;
  return breaking(writable(ends), 0);
}

EXPORT("[callback]" LIFT "breaks") uint32_t breaks_callback(uint32_t event, uint32_t index, uint32_t payload) {
  return breaking(index, payload >> 4);
}

EXPORT(LIFT "ignores") uint32_t ignores(uint32_t stream) {
  return_ignores(++ignored);
  return EXIT;
}

EXPORT("[callback]" LIFT "ignores") uint32_t ignores_callback(uint32_t event, uint32_t index, uint32_t payload) {
  __builtin_trap();
}

/* Lifted with a stack of its own: it waits amid its code. */
EXPORT("[async-lift-stackful]demo:flow/mischief@0.1.0#leaves") void leaves(uint32_t stream, uint32_t count) {
  uint32_t result = stream_read_sync(stream, buffer, count < BUFFER ? count : BUFFER);
  stream_drop_readable(stream);
  return_leaves(result >> 4);
}

EXPORT(LIFT "forever") uint32_t forever(void) { return WAIT | waitable_set_new() << 4; }

/* Told to stop, it answers all the same. */
EXPORT("[callback]" LIFT "forever") uint32_t forever_callback(uint32_t event, uint32_t index, uint32_t payload) {
  if (event != EVENT_CANCELLED) __builtin_trap();
  return_forever(13);
  return EXIT;
}
