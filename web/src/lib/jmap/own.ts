/** The objects of our own capability, `urn:hongyan:jmap`: docs/protocols/hongyan.md. */

import type { Address, Id } from "./types";

export const OWN = "urn:hongyan:jmap";

/** How the profile lies on the disk. */
export interface Profile {
  isEncrypted: boolean;
  keyIn: "keychain" | "command" | null;
}

export interface Servers {
  pop3: string | null;
  imap: string | null;
  smtp: string | null;
}

export interface MailAccount {
  id: Id;
  address: string;
  name: string;
  username: string;
  servers: Servers;
  secret: "keychain" | "command" | "oauth";
  policy?: { leave: "always" | "days" | "untilDeleted" | "newest"; days: number | null; newest: number | null };
  isPaused?: boolean;
  /** The place for mail that no account has. */
  isLocal: boolean;
}

export interface Candidate {
  protocol: "pop3" | "imap" | "smtp";
  url: string;
  username: string;
  source: string;
  why: string;
  ok: boolean | null;
  words: string;
}

export interface Provider {
  id: string;
  name: string;
  oauth: boolean;
  help: string | null;
  hint: string | null;
  words: string;
}

export interface Discovery {
  candidates: Candidate[];
  provider: Provider | null;
}

export interface Trouble {
  type: string;
  words: string;
  remedy: string;
  given?: Record<string, string>;
}

export interface TestResult {
  protocol: string;
  url: string;
  ok: boolean;
  words: string[];
  error: Trouble | null;
}

export interface Activity {
  accountId: Id;
  state: "idle" | "connecting" | "syncing" | "sending" | "waiting" | "failed";
  what: string | null;
  done: number | null;
  total: number | null;
  octets: number | null;
  totalOctets: number | null;
  perSecond: number | null;
  secondsLeft: number | null;
  nextAt: string | null;
  error: Trouble | null;
}

export type OutboxState = "held" | "queued" | "sending" | "sent" | "deferred" | "refused" | "uncertain" | "cancelled";

export interface OutboxItem {
  id: Id;
  accountId: Id;
  emailId: Id | null;
  state: OutboxState;
  subject: string;
  from: string;
  recipients: { email: string; state: string; words: string; given: Record<string, string> }[];
  messageId: string;
  size: number;
  createdAt: string;
  nextTryAt: string | null;
  attempts: number;
  words: string;
  given: Record<string, string>;
}

export type RuleAction =
  | { do: "move" | "copy"; mailboxId: Id }
  | { do: "keyword"; keyword: string; value: boolean }
  | { do: "trash" }
  | { do: "forward"; to: string }
  | { do: "run"; command: string };

export interface Rule {
  id: Id;
  name: string;
  isEnabled: boolean;
  query: string;
  accountIds: Id[] | null;
  actions: RuleAction[];
  stop: boolean;
}

/** What a rule would change of a message: `true` comes to it, `false` goes from it. */
export interface RuleChange {
  accountId: Id;
  emailId: Id;
  keywords: Record<string, boolean>;
  mailboxIds: Record<Id, boolean>;
}

export interface RulePreview {
  total: number;
  matched: number;
  changes: RuleChange[];
}

/** Rules as a Sieve script; `left` are those that it cannot say, and why. */
export interface Sieve {
  script: string;
  left: { id: Id; words: string; code: string; given: Record<string, string> }[];
}

export interface WireConnection {
  id: Id;
  accountId: Id | null;
  url: string;
  protocol: string;
  openedAt: string;
  closedAt: string | null;
  lines: number;
  octetsSent: number;
  octetsReceived: number;
  roundTrips: number;
  error: string | null;
}

export interface WireLine {
  connectionId: Id;
  number: number;
  direction: "sent" | "received" | "note";
  at: string;
  text: string;
  octets: number;
  isSecret: boolean;
  command: string | null;
  explanation: string | null;
  rfc: string | null;
}

export type Verdict = "good" | "plain" | "caution" | "danger";

export interface Trust {
  verdict: Verdict;
  evidence: { kind: string; verdict: Verdict; words: string; detail: string | null; header: string | null }[];
}

export type AnswerKind = "reply" | "replyAll" | "replyList" | "forward" | "forwardAsAttachment" | "redirect" | "editAsNew";

export interface DraftAttachment {
  blobId: Id;
  name: string;
  type: string;
  size: number;
  cid: string | null;
  disposition: string;
}

export interface AnswerDraft {
  from: Address[] | null;
  to: Address[];
  cc: Address[];
  bcc: Address[];
  subject: string;
  inReplyTo: string[] | null;
  references: string[] | null;
  text: string;
  html: string | null;
  attachments: DraftAttachment[];
}

export interface Person {
  name: string;
  email: string;
  count: number;
  lastAt: string | null;
}

export interface Statistics {
  since: string | null;
  perDay: { day: string; received: number; sent: number }[];
  perHour: number[][];
  people: { name: string; email: string; received: number; sent: number; answerSeconds: number | null }[];
  sizes: { upTo: number; count: number }[];
  lists: { listId: string; name: string; count: number; lastAt: string; unsubscribe: string; accountId: Id; emailId: Id }[];
  total: number;
  octets: number;
}

export interface ImportResult {
  accountId: Id;
  new: number;
  known: number;
  octets: number;
  passedBy: number;
  examples: string[];
}

export interface ExportResult {
  accountId: Id;
  blobId: Id;
  name: string;
  type: string;
  size: number;
  messages: number;
}

export interface Job {
  id: Id;
  kind: "import" | "export";
  /** The name of the file, or the query. */
  about: string;
  state: "running" | "done" | "failed" | "cancelled";
  done: number | null;
  total: number | null;
  octets: number | null;
  totalOctets: number | null;
  error: Trouble | null;
  result: ImportResult | ExportResult | null;
}
