import assert from "node:assert/strict";
import { test } from "node:test";
import { duration, shortDate, size } from "./format.ts";

test("sizes are read at a glance", () => {
  assert.equal(size("en", 0), "0B");
  assert.equal(size("en", 1234), "1.2 kB");
  assert.equal(size("en", 25_000_000), "25 MB");
  assert.match(size("zh-CN", 25_000_000), /^25\s?MB$/);
});

test("a time in a list says what one needs", () => {
  const now = new Date(2026, 10, 25, 18, 0);
  assert.equal(shortDate("en-GB", new Date(2026, 10, 25, 9, 5), now), "09:05");
  assert.equal(shortDate("en-GB", new Date(2026, 10, 23, 9, 5), now), "Mon");
  assert.equal(shortDate("en-GB", new Date(2026, 1, 3), now), "3 Feb");
  assert.equal(shortDate("en-GB", new Date(2024, 1, 3), now), "03/02/24");
  assert.equal(shortDate("zh-CN", new Date(2026, 1, 3), now), "2月3日");
});

test("durations keep their two largest units", () => {
  assert.equal(duration("en", 0.25), "0.25s");
  assert.equal(duration("en", 3725), "1h 2m");
  assert.equal(duration("en", 86400 * 2), "2d");
});
