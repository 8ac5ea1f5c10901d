import assert from "node:assert/strict";
import { test } from "node:test";
import { Virtual } from "./virtual.ts";

const ROW = 76;
const VIEW = 800;

function list(rows: number): Virtual {
  const virtual = new Virtual();
  virtual.measure(rows, ROW, VIEW);
  return virtual;
}

test("a short list is as it is", () => {
  const virtual = list(100);
  assert.equal(virtual.height, 7600);
  assert.equal(virtual.scrolled(760), 760);
  assert.deepEqual(virtual.seen(760), [10, 21]);
  assert.equal(virtual.top(10), 760);
});

test("a million rows end with the last", () => {
  const virtual = list(1_000_000);
  assert.ok(virtual.height <= 12_000_000);
  const end = virtual.height - VIEW;
  assert.equal(virtual.scrolled(end), end);
  assert.equal(virtual.seen(end)[1], 999_999);
  assert.ok(Math.abs(virtual.top(999_999) + ROW - virtual.height) <= 1);
});

test("the middle of the bar is the middle of the list", () => {
  const virtual = list(1_000_000);
  const at = virtual.scrolled((virtual.height - VIEW) / 2);
  assert.ok(Math.abs(virtual.seen(at)[0] - 500_000) < 10);
});

test("row by row, no row is left out, from the first to beyond the first pages", () => {
  const virtual = list(1_000_000);
  let at = 0;
  for (let step = 0; step < 30_000; step++) {
    const before = virtual.seen(at)[0];
    at = virtual.scrolled(at + ROW);
    const rows = virtual.seen(at)[0] - before;
    assert.ok(rows >= 0 && rows <= 2, `step ${step}: ${rows}`);
  }
});

test("a row is revealed wherever it is, and moves nothing where it is seen", () => {
  for (const rows of [100, 1_000_000]) {
    const virtual = list(rows);
    for (const index of [0, rows - 1, Math.floor(rows / 2), 5]) {
      const at = virtual.reveal(index, 0);
      const [first, last] = virtual.seen(at);
      assert.ok(first <= index && index <= last, `${index} of ${rows}: ${first}-${last}`);
      assert.equal(virtual.reveal(index, at), at);
    }
  }
});
