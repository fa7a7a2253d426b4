// All targets: which of them are shown, and in which order.

import { STATES } from "./format.js";

const RANK = new Map(STATES.map((state, rank) => [state, rank]));

function rank(target) {
  const isExcused = target.in_maintenance && target.state !== "up";
  return RANK.get(isExcused ? "unknown" : target.state);
}

export class Board {
  #targets = new Map();
  #places = new Map();
  #shown = null;
  #state = "";
  #words = "";

  replace(targets) {
    this.#targets = new Map(targets.map((target) => [target.id, target]));
    this.#places = new Map(targets.map((target, place) => [target.id, place]));
    this.#shown = null;
  }

  change(targets, removed) {
    for (const id of removed) this.#shown = this.#targets.delete(id) ? null : this.#shown;
    for (const target of targets) {
      const before = this.#targets.get(target.id);
      if (!before) this.#places.set(target.id, this.#places.size);
      if (!before || rank(before) !== rank(target) || before.state !== target.state) this.#shown = null;
      this.#targets.set(target.id, target);
    }
  }

  filter(state, words) {
    this.#state = state;
    this.#words = words.trim().toLowerCase();
    this.#shown = null;
  }

  get(id) {
    return this.#targets.get(id);
  }

  /** The ids of the targets that pass the filter, problems first, else in the order of the list. */
  get shown() {
    this.#shown ??= [...this.#targets.values()]
      .filter((target) => this.#passes(target))
      .sort((one, other) => rank(one) - rank(other) || this.#places.get(one.id) - this.#places.get(other.id))
      .map((target) => target.id);
    return this.#shown;
  }

  #passes(target) {
    if (this.#state && this.#state !== (target.in_maintenance ? "maintenance" : target.state)) return false;
    return !this.#words || `${target.name ?? ""} ${target.url}`.toLowerCase().includes(this.#words);
  }
}
