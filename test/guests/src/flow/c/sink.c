/* Reads bytes to their end, see `sink` in flow.wit: a task that answers last. */
#include "abi.h"

#define SINK "[export]demo:flow/sink@0.1.0"
#define DIGEST "[async-lift]demo:flow/sink@0.1.0#digest-of"

IMPORT(SINK, "[task-return]digest-of") void task_return(uint64_t size, uint64_t sum);
IMPORT(SINK, "[async-lower][stream-read-0]digest-of") uint32_t stream_read(uint32_t stream, uint8_t *to, uint32_t count);
IMPORT(SINK, "[stream-drop-readable-0]digest-of") void stream_drop_readable(uint32_t stream);

struct task {
  uint64_t size;
  uint32_t sum, word, stream, set;
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

static uint32_t mixed(uint32_t sum, uint32_t word) { return (sum << 5 | sum >> 27) ^ word; }

static void take(struct task *task, uint32_t count) {
  for (uint32_t i = 0; i < count;) {
    if (task->size % 4 == 0 && count - i >= 4) {
      uint32_t word;
      __builtin_memcpy(&word, task->buffer + i, 4);
      task->sum = mixed(task->sum, word);
      task->size += 4;
      i += 4;
      continue;
    }
    task->word |= (uint32_t)task->buffer[i++] << (8 * (task->size % 4));
    if (++task->size % 4 == 0) {
      task->sum = mixed(task->sum, task->word);
      task->word = 0;
    }
  }
}

static uint32_t finish(struct task *task) {
  if (task->size % 4) task->sum = mixed(task->sum, task->word);
  waitable_join(task->stream, 0);
  waitable_set_drop(task->set);
  stream_drop_readable(task->stream);
  task_return(task->size, task->sum);
  task->next = unused;
  unused = task;
  return EXIT;
}

static uint32_t advance(struct task *task) {
  for (;;) {
    uint32_t result = stream_read(task->stream, task->buffer, BUFFER);
    if (result == BLOCKED) return WAIT | task->set << 4;
    take(task, result >> 4);
    if ((result & 15) == DROPPED) return finish(task);
  }
}

EXPORT(DIGEST) uint32_t digest_of(uint32_t stream) {
  struct task *task = task_new();
  task->size = task->sum = task->word = 0;
  task->stream = stream;
  task->set = waitable_set_new();
  waitable_join(stream, task->set);
  context_set(task);
  return advance(task);
}

EXPORT("[callback]" DIGEST) uint32_t digest_of_callback(uint32_t event, uint32_t index, uint32_t payload) {
  struct task *task = context_get();
  if (event != EVENT_STREAM_READ || index != task->stream) __builtin_trap();
  take(task, payload >> 4);
  return (payload & 15) == DROPPED ? finish(task) : advance(task);
}
