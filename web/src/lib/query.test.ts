import assert from "node:assert/strict";
import { test } from "node:test";
import { filterOf } from "./query.ts";

const boxes = (name: string) => ({ sent: "b3" })[name] ?? null;

test("words, fields and qualities", () => {
  assert.deepEqual(filterOf("goose", boxes), { text: "goose" });
  assert.deepEqual(filterOf('from:"Nils Aune" is:unread', boxes), { operator: "AND", conditions: [{ from: "Nils Aune" }, { notKeyword: "$seen" }] });
  assert.deepEqual(filterOf("in:sent 发票", boxes), { operator: "AND", conditions: [{ inMailbox: "b3" }, { text: "发票" }] });
  assert.deepEqual(filterOf("", boxes), {});
});

test("without, and either", () => {
  assert.deepEqual(filterOf("-is:flagged", boxes), { operator: "NOT", conditions: [{ hasKeyword: "$flagged" }] });
  assert.deepEqual(filterOf("a b OR c", boxes), { operator: "OR", conditions: [{ operator: "AND", conditions: [{ text: "a" }, { text: "b" }] }, { text: "c" }] });
});

test("days, and what is none", () => {
  assert.deepEqual(Object.keys(filterOf("after:2026-11-01", boxes)), ["after"]);
  assert.deepEqual(filterOf("before:soon", boxes), { text: "before:soon" });
  assert.deepEqual(filterOf("https://x.org", boxes), { text: "https://x.org" });
});
