// A pattern's evidence in plain words. Pure functions of the API's JSON; nothing here touches the page.

const NAMES = { mon: "Mondays", tue: "Tuesdays", wed: "Wednesdays", thu: "Thursdays", fri: "Fridays", sat: "Saturdays", sun: "Sundays" };
const ORDER = Object.keys(NAMES);

export const KINDS = { time_of_day: "time of day", co_occurrence: "one after another" };
export const STAGES = {
  queued: "Waiting to begin", import: "Reading the history", load: "Loading the events", mine: "Looking for routines",
  describe: "Putting them into words", identify: "Recognising known ones", embed: "Reading the sentences",
  retrieve: "Choosing candidates", rerank: "Ranking", classify: "Classifying", publish: "Keeping the result",
};

/** What one opportunity is called: "weekdays", "Mondays", "times". */
export function unit(pattern) {
  if (pattern.trigger.type !== "time") return "times";
  const days = pattern.trigger.weekdays;
  const key = ORDER.filter((day) => days.includes(day)).join(" ");
  if (key === "mon tue wed thu fri") return "weekdays";
  if (key === "sat sun") return "weekend days";
  if (days.length === 1) return NAMES[days[0]];
  return "days";
}

/** A share as a chance: "1 in 17". Never "0": what can happen by chance is not ruled out. */
export function chance(share) {
  if (!(share > 0.001)) return "less than 1 in 1000";
  if (share > 0.5) return `${Math.round(share * 100)} in 100`;
  return `1 in ${Math.round(1 / share)}`;
}

export function percent(share) {
  if (share > 0 && share < 0.01) return "<1\u00a0%"; // a number and its sign stay on one line
  return `${Math.round(share * 100)}\u00a0%`;
}

/** "19 of 22 weekdays, by chance 1 in 17; again on 6 of 7 later days." */
export function evidence(pattern) {
  const { hits, opportunities, expected_rate: expected, holdout } = pattern.evidence;
  const first = `${hits} of ${opportunities} ${unit(pattern)}, by chance ${chance(expected)}`;
  if (!holdout.opportunities) return `${first}; no later days to check it on yet.`;
  const later = pattern.trigger.type === "time" ? "later days" : "later times";
  return `${first}; again on ${holdout.hits} of ${holdout.opportunities} ${later}.`;
}

export function drift(pattern) {
  return {
    earlier: "It has been moving earlier.", later: "It has been moving later.",
    fading: "It happens less often lately.", strengthening: "It happens more often lately.",
  }[pattern.evidence.drift] ?? "";
}

export function seconds(value) {
  if (value < 90) return `${Math.round(value)} s`;
  if (value < 5400) return `${Math.round(value / 60)} min`;
  return `${(value / 3600).toFixed(1)} h`;
}

export function number(value) {
  return new Intl.NumberFormat().format(value);
}

/** A very small number without a false zero: "below 0.001". */
export function small(value) {
  return value < 0.001 ? "below 0.001" : value.toFixed(3);
}

export function date(text) {
  return new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" }).format(new Date(text));
}

/** "today 03:00", "tomorrow 03:00", "12 Oct 03:00". */
export function moment(text, now = new Date()) {
  const at = new Date(text);
  const midnight = (day) => new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
  const days = Math.round((midnight(at) - midnight(now)) / 86400000);
  const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" }).format(at);
  const day = { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days]
    ?? new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" }).format(at);
  return `${day} ${time}`;
}

/** The entry rows of "How this is known". */
export function facts(pattern) {
  const found = pattern.evidence;
  const rows = [
    ["Kind", KINDS[pattern.kind] ?? pattern.kind.replaceAll("_", " ")],
    ["Rate", `${percent(found.rate)}, likely ${percent(found.rate_low)} to ${percent(found.rate_high)}`],
    ["Against chance", `${found.lift >= 10 ? Math.round(found.lift) : found.lift.toFixed(1)} times as often`],
    ["False discovery", small(found.q_value)],
  ];
  if (pattern.trigger.type === "time") {
    rows.push(["Spread", `± ${Math.max(1, Math.round(found.spread_minutes))} min around ${pattern.trigger.at.slice(0, 5)}`]);
  } else {
    rows.push(["Delay", `about ${seconds(pattern.trigger.delay_seconds)}, within ${seconds(pattern.trigger.within_seconds)}`]);
    rows.push(["Begins with", `${pattern.trigger.entity_id} → ${pattern.trigger.to}`]);
  }
  rows.push(["Does", pattern.actions.map((action) => `${action.entity_id} → ${action.to}`).join(", ")]);
  rows.push(["Seen", `${date(found.first_seen)} to ${date(found.last_seen)}`]);
  const made = pattern.made_by ?? {};
  if (made.embedding) rows.push(["Retrieved by", made.embedding]);
  if (made.reranker) rows.push(["Ranked by", made.reranker]);
  if (made.classifier) rows.push(["Classified by", made.classifier]);
  rows.push(["Id", pattern.id]);
  return rows;
}
