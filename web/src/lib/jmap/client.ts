/**
 * A JMAP client (RFC 8620): calls made in the same turn travel in one request; errors are typed.
 * It holds the header token of the browser session (docs/protocols/hongyan.md, "Who may come in").
 */

import { type Problem, problemWords } from "../i18n/problems";
import { OWN } from "./own";
import type { Id, Invocation, Session, SetError } from "./types";

const USING = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:submission", OWN];

/** The server could not be reached, or did not answer as one. */
export class Unreachable extends Error {}

/** There is no browser session: the link must be opened again. */
export class NoSession extends Error {}

/** A method said no; `type` as in RFC 8620 §3.6.2. */
export class MethodError extends Error {
  /** What its words are made of. */
  readonly given: Record<string, string>;
  /** The kind of error that it was, of our own server. */
  readonly code: string;

  constructor(
    readonly type: string,
    readonly description: string,
    more: Pick<Problem, "code" | "given"> = {},
  ) {
    super(problemWords({ type, description, ...more }));
    this.given = more.given ?? {};
    this.code = more.code ?? "";
  }

  /** What a /set said of an object. */
  static of(error: SetError): MethodError {
    return new MethodError(error.type, error.description ?? "", error);
  }
}

interface Waiting {
  call: Invocation;
  resolve(value: never): void;
  reject(error: Error): void;
}

export class Client {
  session!: Session;
  #token = "";
  #waiting: Waiting[] = [];
  #count = 0;

  /** Begin, or take up, the browser session and read the session object. Throws `NoSession`, `Unreachable`. */
  async open(start: string | null): Promise<void> {
    if (start) {
      const began = await this.#fetch("/session/start", { method: "POST", body: JSON.stringify({ token: start }), headers: JSON_BODY });
      this.#token = ((await began.json()) as { token: string }).token;
      return this.refresh();
    }
    const [answer] = await Promise.all([this.#fetch("/session"), this.refresh()]);
    this.#token = ((await answer.json()) as { token: string }).token;
  }

  /** Read the session object anew. */
  async refresh(): Promise<void> {
    this.session = (await (await this.#fetch("/.well-known/jmap")).json()) as Session;
  }

  /** Whether the server answers this method of our own capability. */
  offers(method: string): boolean {
    const methods = this.session.capabilities[OWN]?.methods;
    return Array.isArray(methods) && methods.includes(method);
  }

  /** Call one method; all calls of one turn travel together. */
  call<T>(name: string, args: Record<string, unknown>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) queueMicrotask(() => void this.#flush());
      this.#waiting.push({ call: [name, args, `c${this.#count++}`], resolve, reject });
    });
  }

  /** Call methods that refer to one another by `#property` (RFC 8620 §3.7); the answers in their order. */
  async chain(calls: [name: string, args: Record<string, unknown>][]): Promise<Record<string, unknown>[]> {
    const numbered = calls.map(([name, args], index): Invocation => [name, args, String(index)]);
    const answers = await this.#post(numbered);
    return numbered.map(([, , id]) => {
      const found = answers.find((answer) => answer[2] === id);
      if (!found || found[0] === "error") throw failure(found);
      return found[1];
    });
  }

  /** Send octets; `report` hears the share that is sent, from 0 to 1. */
  upload(accountId: Id, file: Blob, report: (share: number) => void, signal?: AbortSignal): Promise<{ blobId: Id; size: number; type: string }> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", this.session.uploadUrl.replace("{accountId}", accountId));
      request.setRequestHeader("X-Hongyan-Token", this.#token);
      request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
      request.responseType = "json";
      request.upload.onprogress = (event) => report(event.loaded / Math.max(event.total, 1));
      request.onload = () => (request.status < 300 ? resolve(request.response) : reject(new MethodError("upload", request.statusText)));
      request.onerror = () => reject(new Unreachable("upload"));
      request.onabort = () => reject(new DOMException("", "AbortError"));
      signal?.addEventListener("abort", () => request.abort());
      request.send(file);
    });
  }

  /** The address of a blob, to save or (`inline`) to show. */
  download(accountId: Id, blobId: Id, name: string, type: string, inline = false): string {
    const values: Record<string, string> = { accountId, blobId, name: name || "attachment", type };
    const url = this.session.downloadUrl.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(values[key] ?? ""));
    return inline ? `${url}&inline=1` : url;
  }

  /** The text of a blob. */
  async text(accountId: Id, blobId: Id): Promise<string> {
    return (await this.#fetch(this.download(accountId, blobId, "source", "text/plain"))).text();
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      const answers = await this.#post(batch.map((each) => each.call));
      for (const { call, resolve, reject } of batch) {
        const found = answers.find((answer) => answer[2] === call[2]);
        if (found && found[0] !== "error") resolve(found[1] as never);
        else reject(failure(found));
      }
    } catch (error) {
      for (const each of batch) each.reject(error as Error);
    }
  }

  async #post(methodCalls: Invocation[]): Promise<Invocation[]> {
    const using = USING.filter((each) => each in this.session.capabilities);
    const answer = await this.#fetch(this.session.apiUrl, {
      method: "POST",
      body: JSON.stringify({ using, methodCalls }),
      headers: { ...JSON_BODY, "X-Hongyan-Token": this.#token },
    });
    return ((await answer.json()) as { methodResponses: Invocation[] }).methodResponses;
  }

  async #fetch(url: string, options: RequestInit = {}): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(url, { credentials: "same-origin", cache: "no-store", ...options });
    } catch (error) {
      throw new Unreachable(String(error));
    }
    if (answer.status === 401) throw new NoSession();
    if (answer.status >= 500) throw new Unreachable(answer.statusText);
    if (!answer.ok) throw new MethodError(String(answer.status), await words(answer));
    return answer;
  }
}

const JSON_BODY = { "Content-Type": "application/json" };

async function words(answer: Response): Promise<string> {
  try {
    return ((await answer.json()) as { detail?: string }).detail ?? answer.statusText;
  } catch {
    return answer.statusText;
  }
}

function failure(answer: Invocation | undefined): MethodError {
  const said = (answer?.[1] ?? {}) as Partial<SetError>;
  return MethodError.of({ ...said, type: said.type ?? "serverFail" });
}
