/** The event stream (RFC 8620 §7.3): what changed, and our own events. It connects again by itself. */

export interface Heard {
  changed(accountId: string, types: Record<string, string>): void;
  own(event: string, data: unknown): void;
  /** The stream stands (true) or was lost (false). */
  standing(value: boolean): void;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;

export class Push {
  #source: EventSource | null = null;
  #wait = FIRST_WAIT;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #events: string[] = [];

  constructor(
    private readonly template: string,
    private readonly heard: Heard,
  ) {}

  /** Open the stream with these events of our own; an open one is opened anew. */
  open(events: string[]): void {
    this.#events = events;
    this.#connect();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  /** Connect now rather than when the wait is over: the window came back, or the line. */
  hurry(): void {
    if (this.#source?.readyState !== EventSource.OPEN) this.#connect();
  }

  #connect(): void {
    this.close();
    const url = this.template.replace("{types}", "*").replace("{closeafter}", "no").replace("{ping}", "30");
    const source = new EventSource(this.#events.length ? `${url}&with=${this.#events.join(",")}` : url);
    this.#source = source;
    source.onopen = () => {
      this.#wait = FIRST_WAIT;
      this.heard.standing(true);
    };
    source.onerror = () => this.#lost();
    source.addEventListener("state", (event) => this.#state(event as MessageEvent<string>));
    for (const name of this.#events) {
      source.addEventListener(name, (event) => this.heard.own(name, JSON.parse((event as MessageEvent<string>).data)));
    }
  }

  #state(event: MessageEvent<string>): void {
    const { changed } = JSON.parse(event.data) as { changed: Record<string, Record<string, string>> };
    for (const [accountId, types] of Object.entries(changed)) this.heard.changed(accountId, types);
  }

  #lost(): void {
    this.close();
    this.heard.standing(false);
    this.#timer = setTimeout(() => this.#connect(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }
}
