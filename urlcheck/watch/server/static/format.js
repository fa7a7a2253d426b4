// Values as a person reads them.

export const STATES = ["down", "suspect", "degraded", "unknown", "up"];

const DAY = 86_400_000;
const number = new Intl.NumberFormat("en");
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayWithYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const clockWithDay = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** `1,234` */
export const formatNumber = (value) => number.format(value);

/** The time of day of an ISO time, where the reader is; with the date unless that is today. */
export function formatMoment(text, now = new Date()) {
  const time = new Date(text);
  return (time.toDateString() === now.toDateString() ? clock : clockWithDay).format(time);
}

/** The same where there is little room: the time of day, or the day alone. */
export function formatBriefly(text, now) {
  const time = new Date(text);
  if (time.toDateString() === now.toDateString()) return clock.format(time);
  return (time.getFullYear() === now.getFullYear() ? day : dayWithYear).format(time);
}

/** `81 ms`, `1.2 s` */
export function formatLatency(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return "";
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`;
  return milliseconds < 999.5 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** `12 s`, `5 min`, `3 h`, `2 days` */
export function formatSpan(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** `99.95 %`, cut rather than rounded, so that only a target that was never down has 100 %. */
export function formatShare(share) {
  return share === null || share === undefined ? "" : `${Math.floor(share * 10_000) / 100} %`;
}

/** `63 days`, `expired`, and how urgent that is. */
export function describeCertificate(expires, now) {
  if (!expires) return { text: "", kind: "" };
  const days = Math.floor((new Date(expires) - now) / DAY);
  if (days < 0) return { text: "expired", kind: "bad" };
  return { text: days === 1 ? "1 day" : `${formatNumber(days)} days`, kind: days < 7 ? "bad" : days < 21 ? "warn" : "" };
}

/** `2 of 42 down since 09:31` */
export function wordHeadline(summary, now) {
  const { state, targets, since } = summary;
  if (!targets) return "No targets";
  const count = summary[state];
  if (!count) return `All ${formatNumber(targets)} in maintenance`;
  const when = since ? ` since ${formatMoment(since, now)}` : "";
  if (targets === 1) return `${state[0].toUpperCase()}${state.slice(1)}${when}`;
  return count === targets
    ? `All ${formatNumber(targets)} ${state}${when}`
    : `${formatNumber(count)} of ${formatNumber(targets)} ${state}${when}`;
}
