// The day at a glance: every routine of the clock as a dot on a line of 24 hours, each a way to its card. One that
// differs by the sort of day has a dot for each of its times.

import { element } from "./element.js";
import { times } from "./words.js";

const COLOURED = ["energy", "comfort", "security", "convenience"]; // any other category has the colour of none
const APART = 2.2; // per cent of the line that two dots of one lane must be apart

export function drawDay(patterns) {
  const timed = patterns
    .filter((pattern) => !["rejected", "stale"].includes(pattern.status))
    .flatMap((pattern) => times(pattern.trigger).map(({ at: clock }) => ({ pattern, clock, at: share(clock) })))
    .sort((a, b) => a.at - b.at);
  const section = document.getElementById("day");
  const list = document.getElementById("day-dots");
  section.hidden = timed.length === 0;
  list.replaceChildren();
  const lanes = [];
  for (const { pattern, clock, at } of timed) {
    let lane = lanes.findIndex((last) => at - last >= APART);
    if (lane < 0) lane = lanes.length;
    lanes[lane] = at;
    const link = element("a");
    link.href = `#${pattern.id}`;
    link.title = `${clock.slice(0, 5)}  ${pattern.sentence}`;
    link.append(element("span", pattern.sentence, "unseen"));
    link.dataset.category = pattern.category ?? "none";
    const dot = element("li");
    dot.style.left = `${at}%`;
    dot.style.bottom = `${lane * 18 + 4}px`;
    dot.append(link);
    list.append(dot);
  }
  list.style.height = `${Math.max(2, lanes.length) * 18 + 10}px`;
  const used = [...new Set(timed.map(({ pattern }) => pattern.category).filter(Boolean))].sort();
  const others = used.filter((category) => !COLOURED.includes(category));
  document.getElementById("legend").replaceChildren(
    ...[...COLOURED.filter((category) => used.includes(category)), ...others].map((category) => {
      const entry = element("li", category);
      entry.dataset.category = category;
      return entry;
    }),
  );
}

function share(clock) {
  const [hours, minutes] = clock.split(":").map(Number);
  return ((hours * 60 + minutes) / 1440) * 100;
}
