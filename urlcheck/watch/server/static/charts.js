// Draws the last checks of a target, and its days.

import { drawing } from "./dom.js";
import { formatLatency, formatShare } from "./format.js";

const CHECKS = 60;
const DAYS = 90;
const STEP = 2;
const HEIGHT = 20;

/** A line of latencies in milliseconds, the last one to the right; a check without an answer is a stroke from top to bottom. */
export function drawSparkline(latencies) {
  const shown = latencies.slice(-CHECKS);
  const known = shown.filter((latency) => latency !== null);
  const highest = Math.max(...known, 1);
  const start = (CHECKS - shown.length) * STEP + STEP / 2;
  let line = "";
  let failures = "";
  let pen = "M";
  shown.forEach((latency, place) => {
    const x = start + place * STEP;
    if (latency === null) {
      failures += `M${x} 0V${HEIGHT}`;
      pen = "M";
    } else {
      const y = (HEIGHT - 1.5 - (latency / highest) * (HEIGHT - 3)).toFixed(1);
      line += pen === "M" ? `M${x} ${y}h.01L${x} ${y}` : `L${x} ${y}`;
      pen = "L";
    }
  });
  const label = wordLatencies(shown, known);
  return drawing(
    "svg",
    { class: "spark", viewBox: `0 0 ${CHECKS * STEP} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    drawing("title", {}, label),
    failures ? drawing("path", { class: "failed", d: failures }) : null,
    line ? drawing("path", { class: "line", d: line }) : null,
  );
}

function wordLatencies(shown, known) {
  if (!shown.length) return "no checks yet";
  const checks = shown.length === 1 ? "last check" : `last ${shown.length} checks`;
  const missing = shown.length - known.length;
  const median = [...known].sort((one, other) => one - other)[Math.floor(known.length / 2)];
  return [checks, known.length ? `median ${formatLatency(median)}` : null, missing ? `${missing} without an answer` : null]
    .filter(Boolean)
    .join(", ");
}

function classify({ uptime, in_maintenance: isExcused }) {
  if (isExcused) return "excused";
  if (uptime === null) return "none";
  return uptime >= 0.9999 ? "good" : uptime >= 0.98 ? "fair" : "poor";
}

/** A bar for each of the last 90 days; one path for each kind of day. */
export function drawDays(days) {
  const shown = days.slice(-DAYS);
  const paths = new Map();
  shown.forEach((day, place) => {
    const kind = classify(day);
    const x = (DAYS - shown.length + place) * STEP;
    paths.set(kind, `${paths.get(kind) ?? ""}M${x} 0h${STEP}v${HEIGHT}h-${STEP}z`);
  });
  const label = wordDays(shown);
  return drawing(
    "svg",
    { class: "days", viewBox: `0 0 ${DAYS * STEP} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    drawing("title", {}, label),
    ...[...paths].map(([kind, d]) => drawing("path", { class: kind, d })),
  );
}

function wordDays(days) {
  const known = days.filter((day) => day.uptime !== null);
  if (!known.length) return "no days yet";
  const worst = known.reduce((one, other) => (other.uptime < one.uptime ? other : one));
  const count = known.length === 1 ? "1 day" : `${known.length} days`;
  return worst.uptime === 1 ? `${count}, never down` : `${count}, the worst ${worst.day} with ${formatShare(worst.uptime)}`;
}
