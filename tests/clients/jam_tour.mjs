// A whole tour with jmap-jam, a program of its own: node jam_tour.mjs SESSION_URL TOKEN
import JamClient from "jmap-jam";

const [sessionUrl, bearerToken] = process.argv.slice(2);
const jam = new JamClient({ sessionUrl, bearerToken });
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function step(name, holds) {
  if (!holds) {
    console.error(`jmap-jam: ${name} failed`);
    process.exit(1);
  }
  console.log("ok", name);
}

const accountId = await jam.getPrimaryAccount();
step("session", accountId.startsWith("a"));

// list
const [{ list: mailboxes }] = await jam.api.Mailbox.get({ accountId, ids: null });
const byRole = Object.fromEntries(mailboxes.map((each) => [each.role, each]));
step("mailboxes", byRole.inbox.totalEmails > 10);
const [{ query, emails, threads }] = await jam.requestMany((t) => {
  const query = t.Email.query({
    accountId,
    filter: { inMailbox: byRole.inbox.id },
    sort: [{ property: "receivedAt", isAscending: false }],
    collapseThreads: true,
    calculateTotal: true,
    limit: 10,
  });
  const emails = t.Email.get({ accountId, ids: query.$ref("/ids"), properties: ["id", "threadId", "subject", "preview"] });
  const threads = t.Thread.get({ accountId, ids: emails.$ref("/list/*/threadId") });
  return { query, emails, threads };
});
step("ten messages by back-reference", emails.list.map((each) => each.id).join() === query.ids.join() && query.ids.length === 10);
step("their threads", threads.list.every((each) => each.emailIds.length > 0));

// read
const [{ list: [whole] }] = await jam.api.Email.get({ accountId, ids: [query.ids[0]], fetchTextBodyValues: true });
step("a body", Object.values(whole.bodyValues).every((each) => each.value.length > 0));

// search
const [hits] = await jam.api.Email.query({ accountId, filter: { text: "发票" } });
step("two Chinese characters", hits.ids.length > 0);
const [snippets] = await jam.request(["SearchSnippet/get", { accountId, filter: { text: "发票" }, emailIds: hits.ids }]);
step("snippets", snippets.list.some((each) => `${each.subject}${each.preview}`.includes("<mark>发票</mark>")));

// follow, and change
const session = await jam.session;
const address = session.eventSourceUrl.replace("{types}", "*").replace("{closeafter}", "state").replace("{ping}", "0");
const stream = await fetch(address, { headers: { Authorization: `Bearer ${bearerToken}` } });
const told = stream.text();
const [{ state }] = await jam.api.Email.get({ accountId, ids: [] });
await jam.api.Email.set({ accountId, update: { [query.ids[3]]: { "keywords/$answered": true } } });
step("pushed", (await told).includes("event: state"));
const [changes] = await jam.api.Email.changes({ accountId, sinceState: state });
step("changes", changes.updated.includes(query.ids[3]));
const [moved] = await jam.api.Email.queryChanges({
  accountId,
  filter: { inMailbox: byRole.inbox.id },
  collapseThreads: true,
  sinceQueryState: query.queryState,
});
step("query changes", moved.added.some((each) => each.id === query.ids[3]));

// upload, import, download
const octets = "Message-ID: <jam@x>\r\nFrom: a@b.example\r\nSubject: From a file\r\n\r\nHello\r\n";
const { blobId } = await jam.uploadBlob(accountId, new Blob([octets], { type: "message/rfc822" }));
const [imported] = await jam.request([
  "Email/import",
  { accountId, emails: { k: { blobId, mailboxIds: { [byRole.inbox.id]: true } } } },
]);
step("imported", imported.created.k.id);
const back = await jam.downloadBlob({ accountId, blobId: imported.created.k.blobId, mimeType: "message/rfc822", fileName: "x.eml" });
step("downloaded, octet for octet", (await back.text()) === octets);
const [gone] = await jam.api.Email.set({ accountId, destroy: [imported.created.k.id] });
step("destroyed", gone.destroyed.length === 1);

// send
const [{ list: [identity] }] = await jam.api.Identity.get({ accountId, ids: null });
const [{ submission }] = await jam.requestMany(
  (t) => {
    const draft = t.Email.set({
      accountId,
      create: {
        d: {
          mailboxIds: { [byRole.sent.id]: true },
          keywords: { $draft: true },
          from: [{ name: identity.name, email: identity.email }],
          to: [{ name: null, email: "xiaoyan@goose.example" }],
          subject: "From jmap-jam",
          bodyValues: { b: { value: "Is anybody there?" } },
          textBody: [{ partId: "b", type: "text/plain" }],
        },
      },
    });
    const submission = t.EmailSubmission.set({
      accountId,
      create: { out: { emailId: "#d", identityId: identity.id } },
    });
    return { draft, submission };
  },
  { using: ["urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:submission"] },
);
step("submitted", submission.created.out.id);
let status = "";
for (let tries = 0; tries < 100 && status !== "final"; tries += 1) {
  const [{ list: [now] }] = await jam.api.EmailSubmission.get({ accountId, ids: [submission.created.out.id] });
  status = now.undoStatus;
  await pause(100);
}
step("delivered", status === "final");
let answers = [];
for (let tries = 0; tries < 100 && answers.length === 0; tries += 1) {
  const [found] = await jam.api.Email.query({ accountId, filter: { subject: "From jmap-jam", inMailbox: byRole.inbox.id } });
  answers = found.ids;
  await pause(100);
}
step("answered", answers.length > 0);
