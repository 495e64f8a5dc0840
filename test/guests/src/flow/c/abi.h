/*
 * The Canonical ABI of asynchronous functions as C sees it: no bindings, no C library. Names and numbers are those of the
 * specification's "Canonical ABI" and of the names by which a core module asks for its built-ins.
 */
#include <stdint.h>

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

enum { EVENT_NONE, EVENT_SUBTASK, EVENT_STREAM_READ, EVENT_STREAM_WRITE, EVENT_FUTURE_READ, EVENT_FUTURE_WRITE, EVENT_CANCELLED };

/* What a callback answers: the waitable set stands above the low four bits. */
enum { EXIT = 0, YIELD = 1, WAIT = 2 };

/* What a copy answers: BLOCKED, or the number of elements above the low four bits, which say what became of the other end. */
#define BLOCKED 0xffffffffu
enum { COMPLETED = 0, DROPPED = 1, CANCELLED = 2 };

IMPORT("$root", "[waitable-set-new]") uint32_t waitable_set_new(void);
IMPORT("$root", "[waitable-set-drop]") void waitable_set_drop(uint32_t set);
IMPORT("$root", "[waitable-join]") void waitable_join(uint32_t waitable, uint32_t set);
IMPORT("$root", "[context-get-0]") void *context_get(void);
IMPORT("$root", "[context-set-0]") void context_set(void *value);

/* The two ends of a new stream or future. */
static inline uint32_t readable(uint64_t ends) { return (uint32_t)ends; }
static inline uint32_t writable(uint64_t ends) { return (uint32_t)(ends >> 32); }

#define BUFFER 65536
