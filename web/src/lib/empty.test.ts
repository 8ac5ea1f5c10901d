import assert from "node:assert/strict";
import { test } from "node:test";

test("node", () => assert.equal(1, 1));
