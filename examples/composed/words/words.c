// Counts words in a hash table with open addressing. What makes words equal is decided by the imported `fold`.
#include <stdlib.h>
#include <string.h>
#include "counting.h"

typedef struct { counting_string_t word; uint32_t times, order; } slot_t;

struct exports_demo_text_words_counter_t { slot_t *slots; uint32_t capacity, used, total; };

typedef exports_demo_text_words_counter_t counter_t;

static void *must(void *p) { if (!p) __builtin_trap(); return p; }

exports_demo_text_words_own_counter_t exports_demo_text_words_constructor_counter(void) {
  counter_t *c = must(calloc(1, sizeof *c));
  c->capacity = 64;
  c->slots = must(calloc(c->capacity, sizeof *c->slots));
  return exports_demo_text_words_counter_new(c);
}

void exports_demo_text_words_counter_destructor(counter_t *c) {
  for (uint32_t i = 0; i < c->capacity; i++) counting_string_free(&c->slots[i].word);
  free(c->slots);
  free(c);
}

static slot_t *find(slot_t *slots, uint32_t capacity, counting_string_t word) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < word.len; i++) hash = (hash ^ word.ptr[i]) * 16777619u;
  for (uint32_t i = hash;; i++) {
    slot_t *s = &slots[i % capacity];
    if (!s->times || (s->word.len == word.len && !memcmp(s->word.ptr, word.ptr, word.len))) return s;
  }
}

static void grow(counter_t *c) {
  uint32_t capacity = c->capacity * 2;
  slot_t *slots = must(calloc(capacity, sizeof *slots));
  for (uint32_t i = 0; i < c->capacity; i++)
    if (c->slots[i].times) *find(slots, capacity, c->slots[i].word) = c->slots[i];
  free(c->slots);
  c->slots = slots;
  c->capacity = capacity;
}

static void count(counter_t *c, uint8_t *word, size_t length) {
  counting_string_t raw = {word, length}, folded;
  if (!demo_text_fold_fold(&raw, &folded)) return;
  slot_t *s = find(c->slots, c->capacity, folded);
  c->total++;
  if (s->times++) { counting_string_free(&folded); return; }
  s->word = folded;
  s->order = c->used++;
  if (c->used * 2 > c->capacity) grow(c);
}

static bool is_space(uint8_t b) { return b == ' ' || (b >= '\t' && b <= '\r'); }

void exports_demo_text_words_method_counter_add(counter_t *c, counting_string_t *text) {
  size_t from = 0;
  for (size_t i = 0; i <= text->len; i++) {
    if (i < text->len && !is_space(text->ptr[i])) continue;
    if (i > from) count(c, text->ptr + from, i - from);
    from = i + 1;
  }
  counting_string_free(text);
}

uint32_t exports_demo_text_words_method_counter_total(counter_t *c) { return c->total; }

static int by_times(const void *a, const void *b) {
  const slot_t *x = a, *y = b;
  if (x->times != y->times) return x->times < y->times ? 1 : -1;
  size_t n = x->word.len < y->word.len ? x->word.len : y->word.len;
  int order = memcmp(x->word.ptr, y->word.ptr, n);
  return order ? order : (x->word.len > y->word.len) - (x->word.len < y->word.len);
}

static int by_order(const void *a, const void *b) {
  const slot_t *x = a, *y = b;
  return (x->order > y->order) - (x->order < y->order);
}

/* The used slots, sorted; to be freed. */
static slot_t *sorted(const counter_t *c, int (*compare)(const void *, const void *)) {
  slot_t *all = must(malloc((c->used + 1) * sizeof *all));
  uint32_t n = 0;
  for (uint32_t i = 0; i < c->capacity; i++)
    if (c->slots[i].times) all[n++] = c->slots[i];
  qsort(all, n, sizeof *all, compare);
  return all;
}

void exports_demo_text_words_method_counter_top(counter_t *c, uint32_t limit, exports_demo_text_words_list_entry_t *ret) {
  slot_t *all = sorted(c, by_times);
  ret->len = limit < c->used ? limit : c->used;
  ret->ptr = ret->len ? must(malloc(ret->len * sizeof *ret->ptr)) : NULL;
  for (size_t i = 0; i < ret->len; i++) {
    counting_string_dup_n(&ret->ptr[i].word, (const char *)all[i].word.ptr, all[i].word.len);
    ret->ptr[i].times = all[i].times;
  }
  free(all);
}

void exports_demo_text_words_method_counter_lengths(counter_t *c, counting_list_u32_t *ret) {
  slot_t *all = sorted(c, by_order);
  ret->len = c->used;
  ret->ptr = ret->len ? must(malloc(ret->len * sizeof *ret->ptr)) : NULL;
  for (size_t i = 0; i < ret->len; i++) {
    ret->ptr[i] = 0;
    for (size_t k = 0; k < all[i].word.len; k++) ret->ptr[i] += (all[i].word.ptr[k] & 0xc0) != 0x80;
  }
  free(all);
}
