// The row of a target, and what it opens to.

import { drawDays, drawSparkline } from "./charts.js";
import { element, setText } from "./dom.js";
import { describeCertificate, formatBriefly, formatLatency, formatMoment, formatShare } from "./format.js";

const COLUMNS = 7;

export class Row {
  #id;
  #cells = {};
  #toggle;
  #panel = null;
  #drawn = {};

  constructor(id, onToggle) {
    this.#id = id;
    const cell = (name) => (this.#cells[name] = element("td", { role: "cell", class: name }));
    this.#toggle = element("button", { type: "button", class: "open", "aria-expanded": "false" });
    this.#toggle.addEventListener("click", () => onToggle(this));
    this.node = element(
      "tr",
      { role: "row" },
      ...["state", "target", "detail", "latency", "uptime", "certificate", "since"].map(cell),
    );
    this.#cells.state.append(element("span", { class: "pill" }));
    this.#cells.target.append(this.#toggle);
    this.#cells.latency.append(element("span", { class: "value" }));
    this.#cells.uptime.append(element("span", { class: "value" }));
    this.#cells.since.append(element("time"));
  }

  get id() {
    return this.#id;
  }

  get isOpen() {
    return this.#panel !== null;
  }

  /** The row, and the one below it if it is open. */
  get nodes() {
    return this.#panel ? [this.node, this.#panel] : [this.node];
  }

  update(target, history, now) {
    const state = target.in_maintenance ? "maintenance" : target.state;
    this.node.className = `${state}${this.isOpen ? " opened" : ""}`;
    const pill = this.#cells.state.firstChild;
    pill.className = `pill ${state}`;
    setText(pill, target.in_maintenance && target.state !== "up" ? `maintenance (${target.state})` : state);
    this.#drawName(target);
    this.#drawDetail(target);
    setText(this.#cells.latency.firstChild, target.status === null ? "" : formatLatency(target.elapsed_ms));
    this.#drawUptime(target);
    const certificate = describeCertificate(target.cert_expires, now);
    setText(this.#cells.certificate, certificate.text);
    this.#cells.certificate.className = `certificate ${certificate.kind}`;
    const since = this.#cells.since.firstChild;
    since.dateTime = target.since;
    since.title = formatMoment(target.since, now);
    setText(since, formatBriefly(target.since, now));
    if (history) this.#drawCharts(history);
    if (this.isOpen) this.#drawPanel(target, history, now);
  }

  #drawName(target) {
    const key = `${target.name}\n${target.url}`;
    if (this.#drawn.name === key) return;
    this.#drawn.name = key;
    const url = element("span", { class: "url" }, target.url);
    this.#toggle.replaceChildren(...(target.name ? [element("b", { class: "name" }, target.name), " ", url] : [url]));
  }

  #drawDetail(target) {
    const [verdict, detail] = target.verdict === null ? ["", "not yet checked"] : [target.verdict, target.detail];
    const key = `${verdict}\n${detail}`;
    if (this.#drawn.detail === key) return;
    this.#drawn.detail = key;
    const word = verdict && verdict !== "ok" ? element("b", {}, verdict) : null;
    this.#cells.detail.replaceChildren(...[word, word ? " " : null, detail].filter(Boolean));
  }

  #drawUptime(target) {
    const isLong = target.uptime_30d !== null;
    const share = isLong ? target.uptime_30d : target.uptime_24h;
    const value = this.#cells.uptime.firstChild;
    setText(value, formatShare(share));
    value.title = share === null ? "" : isLong ? "in 30 days" : "in 24 hours";
  }

  #drawCharts(history) {
    if (this.#drawn.latencies !== history.latencies_ms) {
      this.#drawn.latencies = history.latencies_ms;
      this.#cells.latency.querySelector("svg")?.remove();
      this.#cells.latency.append(drawSparkline(history.latencies_ms));
    }
    if (this.#drawn.days !== history.days) {
      this.#drawn.days = history.days;
      this.#cells.uptime.querySelector("svg")?.remove();
      if (history.days.length) this.#cells.uptime.append(drawDays(history.days));
    }
  }

  toggle() {
    if (this.#panel) {
      this.#panel.remove();
      this.#panel = null;
      this.#toggle.removeAttribute("aria-controls");
    } else {
      const id = `panel-${this.#id}`;
      this.#panel = element(
        "tr",
        { role: "row", class: "panel", id },
        element("td", { role: "cell", colspan: COLUMNS }, element("div", { class: "facts" })),
      );
      this.#toggle.setAttribute("aria-controls", id);
      this.#drawn.panel = null;
    }
    this.#toggle.setAttribute("aria-expanded", String(this.isOpen));
  }

  #drawPanel(target, history, now) {
    const key = JSON.stringify([target, history?.changes]);
    if (this.#drawn.panel === key) return;
    this.#drawn.panel = key;
    const facts = element("dl", {}, ...listFacts(target, now).flatMap(([name, fact]) => [element("dt", {}, name), element("dd", {}, fact)]));
    this.#panel.firstChild.firstChild.replaceChildren(facts, drawChanges(history, now));
  }
}

function listFacts(target, now) {
  const link = target.link
    ? element("a", { href: target.link, rel: "noreferrer noopener nofollow", target: "_blank" }, target.url)
    : target.url;
  const hops = target.redirects.map((hop) => element("li", {}, `${hop.status} ${hop.url}`));
  const chain = hops.length ? element("ol", {}, ...hops, element("li", {}, `${target.status ?? target.verdict} ${target.final_url ?? ""}`)) : null;
  const place = target.line ? `${target.source}:${target.line}` : target.source;
  const uptime = [
    target.uptime_24h === null ? null : `${formatShare(target.uptime_24h)} in 24 hours`,
    target.uptime_30d === null ? null : `${formatShare(target.uptime_30d)} in 30 days`,
  ];
  return [
    ["URL", link],
    ["State", `${target.state} since ${formatMoment(target.since, now)}${target.in_maintenance ? ", in maintenance" : ""}`],
    ["Verdict", target.verdict === null ? null : `${target.verdict}: ${target.detail}`],
    ["Redirects", chain],
    ["Address", target.address],
    ["Certificate", target.cert_expires ? `until ${target.cert_expires.slice(0, 10)}` : null],
    ["Attempts", target.attempts > 1 ? String(target.attempts) : null],
    ["Uptime", uptime.filter(Boolean).join(", ")],
    ["Checked", target.checked_at ? formatMoment(target.checked_at, now) : null],
    ["Next check", target.next_check ? formatMoment(target.next_check, now) : null],
    ["From", place],
  ].filter(([, fact]) => fact);
}

function drawChanges(history, now) {
  if (!history) return element("p", { class: "soft" }, "…");
  if (!history.changes.length) return element("p", { class: "soft" }, "No change of state so far.");
  const items = history.changes.map((change) =>
    element(
      "li",
      {},
      element("time", { datetime: change.at }, formatMoment(change.at, now)),
      ` ${change.from} → `,
      element("b", { class: change.to }, change.to),
      ` ${change.detail}`,
    ),
  );
  return element("div", { class: "changes" }, element("h2", {}, "Changes"), element("ol", {}, ...items));
}
