/** The JMAP objects that the page reads (RFC 8620, 8621), with the properties it asks for. */

export type Id = string;

export interface Session {
  apiUrl: string;
  downloadUrl: string;
  uploadUrl: string;
  eventSourceUrl: string;
  state: string;
  accounts: Record<Id, { name: string; isPersonal: boolean; accountCapabilities: Record<string, unknown> }>;
  primaryAccounts: Record<string, Id>;
  capabilities: Record<string, Record<string, unknown>>;
}

export interface Address {
  name: string | null;
  email: string;
}

export type Role = "inbox" | "archive" | "drafts" | "flagged" | "important" | "junk" | "sent" | "trash" | "all" | "snoozed";

export interface Mailbox {
  id: Id;
  name: string;
  parentId: Id | null;
  role: Role | null;
  sortOrder: number;
  totalEmails: number;
  unreadEmails: number;
  totalThreads: number;
  unreadThreads: number;
  isSubscribed: boolean;
  myRights: Record<string, boolean>;
}

export type Keywords = Record<string, boolean>;

/** What a list shows of a message. */
export interface Head {
  id: Id;
  threadId: Id;
  mailboxIds: Record<Id, boolean>;
  keywords: Keywords;
  from: Address[] | null;
  to: Address[] | null;
  subject: string | null;
  receivedAt: string;
  preview: string;
  hasAttachment: boolean;
  size: number;
}

export interface Part {
  partId: string | null;
  blobId: Id | null;
  size: number;
  name: string | null;
  type: string;
  charset: string | null;
  disposition: string | null;
  cid: string | null;
}

/** What the reader shows of a message. */
export interface Email extends Head {
  blobId: Id;
  messageId: string[] | null;
  inReplyTo: string[] | null;
  references: string[] | null;
  sender: Address[] | null;
  cc: Address[] | null;
  bcc: Address[] | null;
  replyTo: Address[] | null;
  sentAt: string | null;
  textBody: Part[];
  htmlBody: Part[];
  attachments: Part[];
  bodyValues: Record<string, { value: string; isEncodingProblem: boolean; isTruncated: boolean }>;
  "header:List-Unsubscribe:asURLs"?: string[] | null;
  "header:List-Unsubscribe-Post:asText"?: string | null;
  "header:List-Id:asText"?: string | null;
  "header:Disposition-Notification-To:asAddresses"?: Address[] | null;
}

export interface Identity {
  id: Id;
  name: string;
  email: string;
  replyTo: Address[] | null;
  bcc: Address[] | null;
  textSignature: string;
  htmlSignature: string;
  mayDelete: boolean;
}

export interface SetError {
  type: string;
  description?: string;
  code?: string;
  given?: Record<string, string>;
}

export interface SetResponse<T = Record<string, unknown>> {
  oldState?: string | null;
  newState: string;
  created?: Record<string, T> | null;
  updated?: Record<Id, unknown> | null;
  destroyed?: Id[] | null;
  notCreated?: Record<string, SetError> | null;
  notUpdated?: Record<Id, SetError> | null;
  notDestroyed?: Record<Id, SetError> | null;
}

export interface QueryResponse {
  ids: Id[];
  position: number;
  total?: number;
  queryState: string;
}

export interface GetResponse<T> {
  list: T[];
  notFound: Id[];
  state: string;
}

/** Why a message was found: HTML of text and marks; null where nothing in it was (RFC 8621 §5). */
export interface SearchSnippet {
  emailId: Id;
  subject: string | null;
  preview: string | null;
}

export type Filter = Record<string, unknown>;

export type Invocation = [name: string, args: Record<string, unknown>, id: string];

export const HEAD_PROPERTIES = [
  "id", "threadId", "mailboxIds", "keywords", "from", "to", "subject", "receivedAt", "preview", "hasAttachment", "size",
] as const satisfies (keyof Head)[];

export const EMAIL_PROPERTIES = [
  ...HEAD_PROPERTIES,
  "blobId", "messageId", "inReplyTo", "references", "sender", "cc", "bcc", "replyTo", "sentAt",
  "textBody", "htmlBody", "attachments", "bodyValues",
  "header:List-Unsubscribe:asURLs", "header:List-Unsubscribe-Post:asText", "header:List-Id:asText",
  "header:Disposition-Notification-To:asAddresses",
];

export const BODY_PROPERTIES = ["partId", "blobId", "size", "name", "type", "charset", "disposition", "cid"];
