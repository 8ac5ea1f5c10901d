import assert from "node:assert/strict";
import { test } from "node:test";
import { forgottenAttachment } from "./checks.ts";

const WORDS = "attached,attachment,附件";

test("what is spoken of but not there is noticed", () => {
  assert.equal(forgottenAttachment("The plan is attached.", 0, WORDS), "attached");
  assert.equal(forgottenAttachment("请看附件。", 0, WORDS), "附件");
  assert.equal(forgottenAttachment("The plan is attached.", 1, WORDS), null);
  assert.equal(forgottenAttachment("I am unattached.", 0, WORDS), null);
  assert.equal(forgottenAttachment("Fine.\n> The plan is attached.", 0, WORDS), null);
});
