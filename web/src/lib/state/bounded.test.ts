import assert from "node:assert/strict";
import { test } from "node:test";
import type { Head, Id } from "../jmap/types.ts";
import { type Key, keyOf, shed } from "./bounded.ts";

const head = (id: Id, threadId: Id) => ({ id, threadId }) as Head;

/** So many messages, oldest first, two in each conversation. */
function kept(count: number): [Map<Key, Head>, Map<Key, Id[]>] {
  const ids = Array.from({ length: count }, (_, at) => String(at));
  const thread = (at: number) => `t${Math.floor(at / 2)}`;
  return [
    new Map(ids.map((id, at) => [keyOf("a", id), head(id, thread(at))])),
    new Map(ids.map((id, at) => [keyOf("a", thread(at)), [id]])),
  ];
}

test("the oldest go, with their threads, until it is as few as it may be", () => {
  const [heads, threads] = kept(10);
  shed(heads, threads, 4, new Set());
  assert.deepEqual([...heads.keys()], ["a/6", "a/7", "a/8", "a/9"]);
  assert.deepEqual([...threads.keys()], ["a/t3", "a/t4"]);
});

test("what is used stays, however old it is", () => {
  const [heads, threads] = kept(10);
  shed(heads, threads, 4, new Set<Key>(["a/0", "a/1"]));
  assert.deepEqual([...heads.keys()], ["a/0", "a/1", "a/8", "a/9"]);
  assert.deepEqual([...threads.keys()], ["a/t0", "a/t4"]);
});

test("where all is used, nothing goes", () => {
  const [heads, threads] = kept(10);
  shed(heads, threads, 4, new Set(heads.keys()));
  assert.equal(heads.size, 10);
});

test("few are left alone", () => {
  const [heads, threads] = kept(4);
  shed(heads, threads, 4, new Set());
  assert.equal(heads.size, 4);
  assert.equal(threads.size, 2);
});
