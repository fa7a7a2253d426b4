// Follows the server: by WebSocket, and by asking every few seconds where that fails.

const POLL = 5_000;
const SOONEST = 1_000;
const LATEST = 30_000;

export class Feed {
  #handlers;
  #sequence = 0;
  #wait = SOONEST;
  #isLive = false;
  #timer = null;
  #etags = new Map();
  #parts = [];

  /** `handlers`: `replace(targets, summary)`, `change(targets, removed, summary)` and `tell(status)`: live, polling or lost. */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  start() {
    this.#connect();
  }

  #connect() {
    const url = new URL("ws", document.baseURI);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.search = url.hash = "";
    const socket = new WebSocket(url);
    socket.addEventListener("message", (event) => this.#receive(socket, JSON.parse(event.data)));
    socket.addEventListener("close", () => this.#retry());
  }

  #receive(socket, message) {
    this.#parts.push(...message.targets);
    if (message.more) return; // a long message comes in parts
    message.targets = this.#parts;
    this.#parts = [];
    if (message.type === "snapshot") {
      this.#isLive = true;
      this.#wait = SOONEST;
      clearTimeout(this.#timer);
      this.#timer = null;
      this.#etags.clear();
      this.#handlers.tell("live");
      this.#handlers.replace(message.targets, message.summary);
    } else if (message.seq === this.#sequence + 1) {
      this.#handlers.change(message.targets, message.removed, message.summary);
    } else {
      socket.close(); // something is missing; a new snapshot has it
      return;
    }
    this.#sequence = message.seq;
  }

  #retry() {
    this.#isLive = false;
    this.#parts = [];
    setTimeout(() => this.#connect(), this.#wait * (0.75 + Math.random() / 2)); // readers do not all come back at once
    this.#wait = Math.min(this.#wait * 2, LATEST);
    this.#timer ??= setTimeout(() => this.#poll(), 0);
  }

  async #poll() {
    const started = performance.now();
    try {
      const answers = [await this.#ask("api/v1/summary")];
      let cursor = "";
      do {
        const answer = await this.#ask(`api/v1/targets?cursor=${encodeURIComponent(cursor)}`);
        answers.push(answer);
        cursor = answer.value.next;
      } while (cursor);
      if (this.#isLive) return;
      this.#handlers.tell("polling");
      if (answers.some((answer) => answer.isNew)) {
        const [summary, ...parts] = answers.map((answer) => answer.value);
        this.#handlers.replace(parts.flatMap((part) => part.targets), summary);
      }
    } catch {
      if (this.#isLive) return;
      this.#handlers.tell("lost");
    }
    // a list that takes long to load is loaded less often
    this.#timer = setTimeout(() => this.#poll(), Math.max(POLL, 10 * (performance.now() - started)));
  }

  /** The value at a URL. The browser sends the ETag that it has, and takes an answer that is unchanged from its cache. */
  async #ask(url) {
    const response = await fetch(url, { cache: "no-cache" });
    if (response.status === 401) location.reload(); // to where the token is asked for
    if (!response.ok) throw new Error(`${response.status}`);
    const etag = response.headers.get("ETag");
    const isNew = !etag || this.#etags.get(url) !== etag;
    this.#etags.set(url, etag);
    return { value: await response.json(), isNew };
  }
}
