/* Bytes to read, see `source` in flow.wit: a task answers first, and goes on writing. */
#include "abi.h"

#define SOURCE "[export]demo:flow/source@0.1.0"
#define BYTES "[async-lift]demo:flow/source@0.1.0#bytes"

IMPORT(SOURCE, "[task-return]bytes") void task_return(uint32_t stream);
IMPORT(SOURCE, "[stream-new-0]bytes") uint64_t stream_new(void);
IMPORT(SOURCE, "[async-lower][stream-write-0]bytes") uint32_t stream_write(uint32_t stream, const uint8_t *from, uint32_t count);
IMPORT(SOURCE, "[stream-drop-writable-0]bytes") void stream_drop_writable(uint32_t stream);

struct task {
  uint64_t size, made;
  uint32_t piece, stream, set, begin, end;
  struct task *next;
  uint8_t buffer[BUFFER];
};

static struct task *unused;

static struct task *task_new(void) {
  struct task *task = unused;
  if (task) {
    unused = task->next;
    return task;
  }
  uint32_t pages = (sizeof(struct task) + 65535) / 65536;
  return (struct task *)(__builtin_wasm_memory_grow(0, pages) * 65536);
}

/* Fills the buffer with the next piece; false where nothing is left. */
static int refill(struct task *task) {
  uint64_t count = task->size - task->made;
  if (count > task->piece) count = task->piece;
  if (count > BUFFER) count = BUFFER;
  for (uint32_t i = 0; i < count;) {
    uint64_t at = task->made + i;
    uint32_t word = (uint32_t)(at / 4) * 2654435761u;
    if (at % 4 == 0 && count - i >= 4) {
      __builtin_memcpy(task->buffer + i, &word, 4);
      i += 4;
    } else {
      task->buffer[i++] = (uint8_t)(word >> (8 * (at % 4)));
    }
  }
  task->made += count;
  task->begin = 0;
  task->end = (uint32_t)count;
  return count > 0;
}

static uint32_t finish(struct task *task) {
  waitable_join(task->stream, 0);
  waitable_set_drop(task->set);
  stream_drop_writable(task->stream);
  task->next = unused;
  unused = task;
  return EXIT;
}

static uint32_t advance(struct task *task) {
  while (task->begin < task->end || refill(task)) {
    uint32_t result = stream_write(task->stream, task->buffer + task->begin, task->end - task->begin);
    if (result == BLOCKED) return WAIT | task->set << 4;
    task->begin += result >> 4;
    if ((result & 15) == DROPPED) break;
  }
  return finish(task);
}

EXPORT(BYTES) uint32_t bytes(uint64_t size, uint32_t piece) {
  uint64_t ends = stream_new();
  struct task *task = task_new();
  task->size = size;
  task->piece = piece;
  task->made = task->begin = task->end = 0;
  task->stream = writable(ends);
  task->set = waitable_set_new();
  waitable_join(task->stream, task->set);
  context_set(task);
  task_return(readable(ends));
  return advance(task);
}

EXPORT("[callback]" BYTES) uint32_t bytes_callback(uint32_t event, uint32_t index, uint32_t payload) {
  struct task *task = context_get();
  if (event != EVENT_STREAM_WRITE || index != task->stream) __builtin_trap();
  task->begin += payload >> 4;
  return (payload & 15) == DROPPED ? finish(task) : advance(task);
}
