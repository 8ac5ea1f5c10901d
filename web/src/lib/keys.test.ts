import assert from "node:assert/strict";
import { test } from "node:test";
import { pressed } from "./keys.ts";

const none = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };

test("keys are named as they are written", () => {
  assert.equal(pressed({ ...none, key: "e" }), "e");
  assert.equal(pressed({ ...none, key: "I", shiftKey: true }), "Shift+I");
  assert.equal(pressed({ ...none, key: "?", shiftKey: true }), "?");
  assert.equal(pressed({ ...none, key: "#", shiftKey: true }), "#");
  assert.equal(pressed({ ...none, key: "k", ctrlKey: true }), "Mod+k");
  assert.equal(pressed({ ...none, key: "Enter", metaKey: true }), "Mod+Enter");
  assert.equal(pressed({ ...none, key: " ", shiftKey: true }), "Shift+Space");
});
