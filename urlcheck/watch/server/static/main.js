// The page: connects what comes from the server with what is shown.

import { Board } from "./board.js";
import { setText } from "./dom.js";
import { Feed } from "./feed.js";
import { formatMoment, formatNumber, formatSpan, wordHeadline } from "./format.js";
import { Histories } from "./histories.js";
import { Row } from "./row.js";

const FIRST = 100;
const FURTHER = 200;
const REFRESH_HISTORIES = 300_000;

const get = (id) => document.getElementById(id);
const body = document.querySelector("#targets tbody");
const board = new Board();
const histories = new Histories((id) => updateRow(id));
const rows = new Map();
let limit = FIRST;
let summary = null;
let status = "";
let heardAt = new Date();
let skew = 0; // milliseconds by which the server's clock is ahead

const now = () => new Date(Date.now() + skew);

const feed = new Feed({
  replace(targets, latest) {
    board.replace(targets);
    histories.clear();
    hear(latest);
    drawRows(true);
  },
  change(targets, removed, latest) {
    for (const target of targets) histories.add(board.get(target.id), target);
    board.change(targets, removed);
    hear(latest);
    drawRows(false);
    for (const target of targets) updateRow(target.id);
  },
  tell(latest) {
    status = latest;
    if (latest !== "lost") heardAt = new Date();
    drawStatus();
  },
});

function hear(latest) {
  summary = latest;
  heardAt = new Date();
  skew = Math.abs(new Date(latest.now) - heardAt) > 2000 ? new Date(latest.now) - heardAt : 0;
  const headline = wordHeadline(latest, now());
  setText(get("headline"), headline);
  get("title").className = latest.state;
  for (const input of document.querySelectorAll("#states input")) {
    const count = input.value ? latest[input.value] : latest.targets;
    setText(input.parentNode.querySelector("b"), formatNumber(count));
    if (input.value === "maintenance") input.parentNode.hidden = !count && !input.checked;
  }
  drawStatus();
}

/** The title of the tab and its icon, which must not stay green when nobody knows. */
function drawTab() {
  const isKnown = status !== "lost" && summary;
  document.title = `${isKnown ? get("headline").textContent : "No connection"} · urlcheck`;
  const icon = `static/${isKnown ? summary.state : "unknown"}.svg`;
  if (get("icon").getAttribute("href") !== icon) get("icon").setAttribute("href", icon);
}

function drawStatus() {
  const words = {
    live: "live",
    polling: "updated every few seconds",
    lost: `no connection; as of ${formatMoment(heardAt)}`,
  };
  setText(get("connection"), words[status] ?? "connecting");
  document.body.dataset.connection = status;
  if (!summary && status !== "lost") return;
  drawTab();
  if (!summary) return;
  const { started, seconds, skipped, interval } = summary.round;
  const age = now() - new Date(started);
  const parts = [`A round every ${formatSpan(interval * 1000)}`];
  if (seconds !== null) parts.push(`the last whole one took ${seconds < 1 ? `${Math.round(seconds * 1000)} ms` : formatSpan(seconds * 1000)}`);
  if (skipped) parts.push(`${formatNumber(skipped)} skipped`);
  setText(get("round"), `${parts.join(", ")}.`);
  const isStill = status !== "lost" && age > 2 * interval * 1000 + 5000;
  get("stalled").hidden = !isStill;
  setText(get("stalled"), isStill ? `No round has begun for ${formatSpan(age)}: the watch stands still.` : "");
}

function drawRows(updateAll) {
  const ids = board.shown.slice(0, limit);
  const kept = new Set(ids);
  const focused = document.activeElement;
  for (const [id, row] of rows) {
    if (kept.has(id)) continue;
    for (const node of row.nodes) node.remove();
    rows.delete(id);
  }
  let place = body.firstChild;
  for (const id of ids) {
    const isNew = !rows.has(id);
    if (isNew) rows.set(id, new Row(id, toggleRow));
    for (const node of rows.get(id).nodes) {
      if (node === place) place = place.nextSibling;
      else body.insertBefore(node, place);
    }
    if (isNew || updateAll) updateRow(id);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove(); // rows that came with the page
    place = next;
  }
  if (focused !== document.activeElement && body.contains(focused)) focused.focus({ preventScroll: true });
  drawListed();
}

function drawListed() {
  const total = board.shown.length;
  const rest = total - rows.size;
  setText(get("listed"), total ? `${formatNumber(rows.size)} of ${formatNumber(total)} shown.` : "No target is like that.");
  get("listed").hidden = total > 0 && !rest;
  get("more").hidden = !rest;
  setText(get("more"), `Show ${formatNumber(Math.min(rest, FURTHER))} more`);
}

function updateRow(id) {
  const row = rows.get(id);
  const target = board.get(id);
  if (!row || !target) return;
  const history = histories.get(id);
  const columns = document.body.classList;
  if (history?.days.length) columns.add("has-days", "has-uptime");
  if (target.uptime_24h !== null || target.uptime_30d !== null) columns.add("has-uptime");
  if (target.cert_expires) columns.add("has-certificates");
  row.update(target, history, now());
}

function toggleRow(row) {
  row.toggle();
  if (row.isOpen) row.node.after(row.nodes[1]);
  updateRow(row.id);
}

function readFilters() {
  const state = document.querySelector("#states input:checked")?.value ?? "";
  const words = get("words").value;
  board.filter(state, words);
  limit = FIRST;
  const query = new URLSearchParams([["state", state], ["q", words]].filter(([, value]) => value)).toString();
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
  if (summary) drawRows(false);
}

get("filters").addEventListener("input", readFilters);
get("filters").addEventListener("submit", (event) => event.preventDefault());
get("more").addEventListener("click", () => {
  limit += FURTHER;
  drawRows(false);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && event.target === document.body) {
    event.preventDefault();
    get("words").focus();
  }
});
setInterval(drawStatus, 1000);
setInterval(() => {
  histories.clear();
  for (const id of rows.keys()) updateRow(id);
}, REFRESH_HISTORIES);

readFilters();
feed.start();
