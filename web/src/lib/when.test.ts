import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldValue, nextWeek, tomorrow, weekend } from "./when.ts";

test("days are the next that bear the name", () => {
  const wednesday = new Date(2026, 10, 25, 23, 30);
  assert.equal(fieldValue(tomorrow(wednesday)), "2026-11-26T08:00");
  assert.equal(fieldValue(weekend(wednesday)), "2026-11-28T09:00");
  assert.equal(fieldValue(nextWeek(wednesday)), "2026-11-30T08:00");
  assert.equal(fieldValue(nextWeek(new Date(2026, 10, 30, 7))), "2026-12-07T08:00");
  assert.equal(fieldValue(weekend(new Date(2026, 10, 28, 12))), "2026-12-05T09:00");
});
