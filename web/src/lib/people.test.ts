import assert from "node:assert/strict";
import { test } from "node:test";
import { firstName, parseAddress, parseAddresses, parseMailto } from "./people.ts";

test("what is typed becomes an address, or is none", () => {
  assert.deepEqual(parseAddress("bo@example.org"), { name: null, email: "bo@example.org" });
  assert.deepEqual(parseAddress('"Bo, L." <bo@example.org>'), { name: "Bo, L.", email: "bo@example.org" });
  assert.deepEqual(parseAddress("小雁 <xiaoyan@goose.example>"), { name: "小雁", email: "xiaoyan@goose.example" });
  for (const wrong of ["bo", "bo@", "@example.org", "a b@example.org", "x <y>", ""]) assert.equal(parseAddress(wrong), null);
});

test("a pasted line is several", () => {
  const found = parseAddresses('a@x.org, "B, C" <b@x.org>; nonsense\nd@x.org');
  assert.deepEqual(found.map((each) => (typeof each === "string" ? each : each.email)), ["a@x.org", "b@x.org", "nonsense", "d@x.org"]);
});

test("a mailto link fills five fields and no other", () => {
  const got = parseMailto("mailto:bo@example.org?subject=Hi%0D%0Athere&body=a%0Ab&attach=/etc/passwd&from=x@y.z&bcc=z@y.x&Cc=c@x.org");
  assert.deepEqual(got, { to: [{ name: null, email: "bo@example.org" }], cc: [{ name: null, email: "c@x.org" }], subject: "Hi there", text: "a\nb", inReplyTo: null });
});

test("a first name", () => assert.equal(firstName({ name: "Priya Rao", email: "p@x.org" }), "Priya"));
