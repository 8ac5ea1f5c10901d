import assert from "node:assert/strict";
import { test } from "node:test";
import { near, piecesOf } from "./excerpt.ts";

test("every other piece is marked, and nothing is HTML", () => {
  assert.deepEqual(piecesOf("see <mark>goose</mark> &amp;amp; &lt;b>"), ["see ", "goose", " &amp; <b>"]);
  assert.deepEqual(piecesOf("<mark>北京</mark>市"), ["", "北京", "市"]);
});

test("an excerpt begins shortly before what was found", () => {
  assert.deepEqual(near(["short, ", "goose", " x"]), ["short, ", "goose", " x"]);
  assert.deepEqual(near(["…could you look at the enclosed figures of the ", "goose", ""]), ["…figures of the ", "goose", ""]);
  assert.deepEqual(near(["鸿雁在云鱼在水惆怅此情难寄附件是上周会议的记录", "北京", ""]), ["…在水惆怅此情难寄附件是上周会议的记录", "北京", ""]);
});
