/** Of another program's folder only the mail is sent to the server. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fromFiles, isMail } from "./chosen.ts";

function below(path: string, text: string): File {
  const file = new File([text], path.split("/").at(-1)!);
  Object.defineProperty(file, "webkitRelativePath", { value: path });
  return file;
}

test("mail is known by its place, its name or its beginning", () => {
  assert.ok(isMail("Maildir/cur/1.x:2,S", "Subje"));
  assert.ok(isMail("a/b.EML", "Subje"));
  assert.ok(isMail("a/1.emlx", "12345"));
  assert.ok(isMail("Profile/Mail/Local Folders/Inbox", "From "));
  assert.ok(!isMail("Profile/Mail/Inbox.msf", "// <!"));
  assert.ok(!isMail("Profile/logins.json", "{"));
  assert.ok(!isMail("curious/x", "Subje"));
});

test("the files of a folder lie one after the other, named from below it", async () => {
  const [only, ...more] = await fromFiles([below("Profile/Mail/Inbox", "From a\n"), below("Profile/key4.db", "secret"), below("Profile/Mail/Sent", "From bc\n")]);
  assert.deepEqual(more, []);
  assert.equal(only!.name, "Profile");
  assert.deepEqual(only!.files, [{ name: "Mail/Inbox", size: 7 }, { name: "Mail/Sent", size: 8 }]);
  assert.equal(await only!.blob.text(), "From a\nFrom bc\n");
});

test("files by themselves stay so", async () => {
  const chosen = await fromFiles([new File(["x"], "a.mbox"), new File(["y"], "b.eml")]);
  assert.deepEqual(chosen.map(({ name, files }) => [name, files]), [["a.mbox", undefined], ["b.eml", undefined]]);
});
