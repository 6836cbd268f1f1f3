// One routine as a card. All text goes in through textContent: what a home's entities are called is never markup.

import { automationPanel } from "./automation.js";
import { element } from "./element.js";
import { reasonButtons } from "./reasons.js";
import { drift, evidence, facts, kind, percent, told, times, weekdays } from "./words.js";

const WEEK = [["mon", "M", "Monday"], ["tue", "T", "Tuesday"], ["wed", "W", "Wednesday"], ["thu", "T", "Thursday"],
  ["fri", "F", "Friday"], ["sat", "S", "Saturday"], ["sun", "S", "Sunday"]];
const VERDICTS = { accepted: "Accepted", rejected: "Rejected", snoozed: "Kept for later", stale: "No longer seen" };
const NOTED = "Noted"; // said of what can only be told: there is nothing to accept

/**
 * @param pattern the API's JSON
 * @param decide called with (pattern, status) when a button is pressed; resolves to the pattern as it is then
 * @param talk {ask, send, attempt, notice}: the page's way to the API, and to tell of a refusal
 */
export function card(pattern, decide, talk) {
  const made = document.getElementById("card").content.firstElementChild.cloneNode(true);
  const part = (selector) => made.querySelector(selector);
  made.id = pattern.id;
  made.tabIndex = -1;
  made.dataset.category = pattern.category ?? "none";
  part(".sentence").id = `${pattern.id}-sentence`;
  made.setAttribute("aria-labelledby", `${pattern.id}-sentence`);
  part(".kind use").setAttribute("href", `web/kinds.svg#${pattern.kind}`);
  part(".kind").title = kind(pattern);
  part(".category").textContent = pattern.category ?? "not classified";
  part(".priority").textContent = pattern.priority ? `${pattern.priority} priority` : "";
  part(".priority").dataset.level = pattern.priority ?? "";
  part(".rank").textContent = pattern.scores ? `№ ${pattern.scores.rank}` : "";
  // A number and its sign stay on one line.
  part(".sentence").textContent = pattern.sentence.replace(/(\d) (?=[%°])/g, "$1\u00a0");
  fillWeek(part(".week"), pattern);
  if (told(pattern)) part(".rate").remove();
  else fillRate(made, pattern.evidence);
  part(".evidence").textContent = [evidence(pattern), drift(pattern)].filter(Boolean).join(" ");
  part(".covered").textContent = pattern.covered_by ? `Already done by ${pattern.covered_by}.` : "";
  part(".corrected").hidden = !pattern.corrected;
  if (told(pattern)) part(".accept").textContent = NOTED;
  for (const [name, value] of facts(pattern)) part(".facts").append(element("dt", name), element("dd", value));

  const show = (status) => {
    made.dataset.status = status;
    part(".verdict").textContent = (status === "accepted" && told(pattern) ? NOTED : VERDICTS[status]) ?? "";
    const open = status === "new";
    for (const name of [".accept", ".snooze", ".reject"]) part(name).hidden = !open;
    part(".undo").hidden = open || status === "stale";
    part(".reasons").hidden = status !== "rejected";
    // Of a rejected routine too: one that was added before can be taken back.
    part(".automation").hidden = pattern.kind === "frequency";
  };
  const choose = (selector, status) => part(selector).addEventListener("click", async () => {
    const buttons = made.querySelectorAll(".actions button");
    buttons.forEach((button) => { button.disabled = true; });
    const changed = await decide(pattern, status);
    buttons.forEach((button) => { button.disabled = false; });
    show(changed.status);
    (changed.status === "new" ? part(".accept") : part(".undo")).focus();
  });
  choose(".accept", "accepted");
  choose(".snooze", "snoozed");
  choose(".reject", "rejected");
  choose(".undo", "new");
  reasonButtons(part(".reasons"), (reasons) => talk.attempt(
    () => talk.send("POST", `patterns/${encodeURIComponent(pattern.id)}/feedback`, { verdict: "rejected", reasons }),
  ));
  automationPanel(part(".automation"), pattern, talk, show);
  show(pattern.status);
  return made;
}

function fillWeek(list, { trigger }) {
  const days = weekdays(trigger);
  if (!days) {
    list.remove();
    return;
  }
  for (const [key, letter, name] of WEEK) {
    // A routine that differs by the sort of day has two marks, and says which time is whose.
    const which = times(trigger).findIndex((time) => time.weekdays.includes(key));
    const day = element("li", letter, days.includes(key) ? `on${which > 0 ? " other" : ""}` : "");
    const when = times(trigger).length > 1 && which >= 0 ? ` at ${times(trigger)[which].at.slice(0, 5)}` : "";
    if (when) day.title = name + when;
    day.setAttribute("aria-label", days.includes(key) ? name + when : `not ${name}`);
    list.append(day);
  }
}

function fillRate(made, found) {
  const at = (share) => `${Math.min(1, Math.max(0, share)) * 100}%`;
  const interval = made.querySelector(".interval");
  interval.style.left = at(found.rate_low);
  interval.style.width = at(found.rate_high - found.rate_low);
  made.querySelector(".hit").style.left = at(found.rate);
  made.querySelector(".chance").style.left = at(found.expected_rate);
  const label = made.querySelector(".percent");
  label.textContent = percent(found.rate);
  label.style.left = at(Math.min(0.95, Math.max(0.05, found.rate)));
  const chance = made.querySelector(".by-chance");
  chance.style.left = at(found.expected_rate);
  chance.hidden = Math.abs(found.rate - found.expected_rate) < 0.2; // the two labels would cover each other
  made.querySelector(".track").setAttribute(
    "aria-label",
    `${percent(found.rate)} of chances taken, likely between ${percent(found.rate_low)} and `
    + `${percent(found.rate_high)}; by chance ${percent(found.expected_rate)}`,
  );
}
