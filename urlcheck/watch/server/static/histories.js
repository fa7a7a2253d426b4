// The last checks, changes and days of the targets that are shown: asked for together, and kept up by each new check.

const MOST = 50;
const CHECKS = 60;
const COLLECT = 30;

export class Histories {
  #known = new Map();
  #wanted = new Set();
  #timer = null;
  #tell;

  /** `tell(id)` is called when the history of a target has come. */
  constructor(tell) {
    this.#tell = tell;
  }

  /** The history of a target; undefined until it has come. */
  get(id) {
    if (!this.#known.has(id)) this.#ask(id);
    return this.#known.get(id) ?? undefined;
  }

  /** Adds a new check; asks again if the state has changed, because changes are not in it. */
  add(before, target) {
    const history = this.#known.get(target.id);
    if (!history || before?.checked_at === target.checked_at) return;
    const latency = target.status === null ? null : target.elapsed_ms;
    history.latencies_ms = [...history.latencies_ms, latency].slice(-CHECKS);
    if (before?.state !== target.state) this.#ask(target.id);
  }

  clear() {
    this.#known.clear();
  }

  #ask(id) {
    this.#wanted.add(id);
    this.#timer ??= setTimeout(() => this.#fetch(), COLLECT);
  }

  async #fetch() {
    const ids = [...this.#wanted].slice(0, MOST);
    try {
      const query = ids.map((id) => `id=${encodeURIComponent(id)}`).join("&");
      const response = await fetch(`api/v1/histories?${query}`, { cache: "no-store" });
      const { histories } = await response.json();
      for (const history of histories) this.#known.set(history.id, history);
      for (const { id } of histories) this.#tell(id);
    } catch {
      // the next row that is drawn asks again
    }
    for (const id of ids) this.#wanted.delete(id);
    this.#timer = this.#wanted.size ? setTimeout(() => this.#fetch(), 0) : null;
  }
}
