// A pattern's evidence in plain words. Pure functions of the API's JSON; nothing here touches the page.

const NAMES = { mon: "Mondays", tue: "Tuesdays", wed: "Wednesdays", thu: "Thursdays", fri: "Fridays", sat: "Saturdays", sun: "Sundays" };
const ORDER = Object.keys(NAMES);

export const KINDS = {
  time_of_day: "time of day", day_type: "weekdays and weekends", solar: "by the sun", seasonal: "part of the year",
  co_occurrence: "one after another", presence: "coming and going", threshold: "a level is crossed",
  sequence: "step by step", scene: "together", duration: "on for so long", frequency: "a habit that changed",
  anomaly: "unusual",
};
export const STAGES = {
  queued: "Waiting to begin", look: "Looking at the home", import: "Reading the history", load: "Loading the events", mine: "Looking for routines",
  describe: "Putting them into words", identify: "Recognising known ones", embed: "Reading the sentences",
  retrieve: "Choosing candidates", rerank: "Ranking", classify: "Classifying", publish: "Keeping the result",
};

const COMES = ["arrives", "first_arrives"];

/** The days of the week a routine holds on; null for one that keeps to none. */
export function weekdays(trigger) {
  if (trigger.type === "day_type") return trigger.times.flatMap((time) => time.weekdays);
  return ["time", "sun", "missed"].includes(trigger.type) ? trigger.weekdays : null;
}

/** The clock times a routine is drawn at, `{at, weekdays}`; none for what keeps to no clock. */
export function times(trigger) {
  if (trigger.type === "day_type") return trigger.times;
  return trigger.type === "time" ? [trigger] : [];
}

/** What one opportunity is called: "weekdays", "Mondays", "arrivals", "times". */
export function unit({ trigger }) {
  if (trigger.type === "numeric") return "crossings";
  if (trigger.type === "presence") return COMES.includes(trigger.event) ? "arrivals" : "departures";
  const days = weekdays(trigger);
  return days ? named(days) : "times";
}

function named(days) {
  const key = ORDER.filter((day) => days.includes(day)).join(" ");
  if (key === "mon tue wed thu fri") return "weekdays";
  if (key === "sat sun") return "weekend days";
  if (days.length === 1) return NAMES[days[0]];
  return "days";
}

/** "weekdays", "Mondays, Fridays": always which days. */
function listed(days) {
  const all = named(days);
  return all === "days" ? days.map((day) => NAMES[day]).join(", ") : all;
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

export function kind(pattern) {
  return KINDS[pattern.kind] ?? pattern.kind.replaceAll("_", " ");
}

/** Whether a routine can only be told: nothing is to be done by itself. */
export function told(pattern) {
  return pattern.actions.length === 0;
}

/** "19 of 22 weekdays, by chance 1 in 17; again on 6 of 7 later days." */
export function evidence(pattern) {
  const { hits, opportunities, expected_rate: expected, holdout } = pattern.evidence;
  if (told(pattern)) return toldEvidence(pattern);
  const units = unit(pattern);
  const first = `${hits} of ${opportunities} ${units}, by chance ${chance(expected)}`;
  const later = weekdays(pattern.trigger) ? "later days" : `later ${units}`;
  if (!holdout.opportunities) return `${first}; no ${later} to check it on yet.`;
  return `${first}; again on ${holdout.hits} of ${holdout.opportunities} ${later}.`;
}

/** What makes a change or an exception one: how it was before. */
function toldEvidence({ trigger, evidence: found }) {
  if (trigger.type === "rate") {
    const [before, since] = [trigger.per_week_before, trigger.per_week_after].map((often) => often.toFixed(1));
    return `${since} times a week since ${date(trigger.since)}, ${before} before; by chance ${chance(found.p_value)}.`;
  }
  const usual = `${found.hits} of ${found.opportunities} ${unit({ trigger })}`;
  if (trigger.type === "missed") return `It used to happen on ${usual}.`;
  return `It used to end sooner, ${usual}; last left so on ${date(found.last_seen)}.`;
}

/** Nothing of what is told, which is a change already. */
export function drift(pattern) {
  if (told(pattern)) return "";
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

/** An instant, or a date without a time, which is of this clock's own day. */
export function date(text) {
  const at = new Date(text.length === 10 ? `${text}T00:00` : text);
  return new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" }).format(at);
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

function step({ entity_id: entity, to, after_seconds: after }) {
  return `${entity} → ${to}${after === undefined ? "" : ` (after ${seconds(after)})`}`;
}

/** A condition without which it does not hold: "binary_sensor.window is on", "sun below horizon". */
function condition(only) {
  const some = only.is?.replaceAll("_", " ");
  switch (only.type) {
    case "time": {
      const bounds = [only.after && `after ${only.after.slice(0, 5)}`, only.before && `before ${only.before.slice(0, 5)}`];
      return [...bounds, only.weekdays?.length && listed(only.weekdays)].filter(Boolean).join(", ");
    }
    case "sun": return `sun ${some}`;
    case "presence": return `${some} (${only.entity_ids.join(", ")})`;
    case "state": return `${only.entity_id} is ${only.state ?? only.to}`;
    case "season": return [only.from && `from ${only.from}`, only.until && `until ${only.until}`].filter(Boolean).join(" ");
    default: return JSON.stringify(only);
  }
}

/** What sets it off, as entry rows. */
function causes({ trigger, actions, evidence: found }) {
  const spread = `± ${Math.max(1, Math.round(found.spread_minutes))} min`;
  const delay = () => ["Delay", `about ${seconds(trigger.delay_seconds)}, within ${seconds(trigger.within_seconds)}`];
  const thing = `${trigger.entity_id} → ${trigger.to}`;
  switch (trigger.type) {
    case "time":
      return [["Spread", `${spread} around ${trigger.at.slice(0, 5)}`]];
    case "day_type":
      return [
        ["Times", trigger.times.map(({ at, weekdays: days }) => `${at.slice(0, 5)} on ${listed(days)}`).join("; ")],
        ["Spread", spread],
      ];
    case "sun": {
      const offset = trigger.offset_minutes;
      return [["Offset", `${Math.abs(offset)} min ${offset < 0 ? "before" : "after"} ${trigger.event}`], ["Spread", spread]];
    }
    case "numeric": {
      const rises = trigger.above !== null;
      return [delay(), ["Begins with", `${trigger.entity_id} ${rises ? ">" : "<"} ${rises ? trigger.above : trigger.below}`]];
    }
    case "presence":
      return [delay(), ["Begins with", `${trigger.entity_ids.join(", ")}: ${trigger.event.replaceAll("_", " ")}`]];
    case "together":
      return [["Within", `${seconds(trigger.within_seconds)} from the first to the last`]];
    case "held":
      return actions.length
        ? [["Lasts", `about ${seconds(trigger.for_seconds)}, ${spread}`], ["Begins with", thing]]
        : [["About", thing], ["Unusual", `longer than ${seconds(trigger.for_seconds)}`]];
    case "rate":
      return [["About", thing]];
    case "missed":
      return [["About", thing], ["Expected", `by ${trigger.at.slice(0, 5)}`], ["Missing since", date(trigger.since)]];
    default:
      return [delay(), ["Begins with", thing]];
  }
}

/** The entry rows of "How this is known". */
export function facts(pattern) {
  const found = pattern.evidence;
  const rows = [["Kind", kind(pattern)]];
  if (!told(pattern)) {
    rows.push(["Rate", `${percent(found.rate)}, likely ${percent(found.rate_low)} to ${percent(found.rate_high)}`]);
    rows.push(["Against chance", `${found.lift >= 10 ? Math.round(found.lift) : found.lift.toFixed(1)} times as often`]);
  }
  rows.push(["False discovery", small(found.q_value)]);
  rows.push(...causes(pattern));
  if (pattern.conditions?.length) rows.push(["Only", pattern.conditions.map(condition).join("; ")]);
  if (!told(pattern)) rows.push(["Does", pattern.actions.map(step).join(", ")]);
  if (pattern.covered_by) rows.push(["Already done by", pattern.covered_by]);
  const seen = [date(found.first_seen), date(found.last_seen)];
  rows.push(["Seen", seen[0] === seen[1] ? seen[0] : seen.join(" to ")]);
  const made = pattern.made_by ?? {};
  if (made.embedding) rows.push(["Retrieved by", made.embedding]);
  if (made.reranker) rows.push(["Ranked by", made.reranker]);
  if (made.classifier) rows.push(["Classified by", made.classifier]);
  rows.push(["Id", pattern.id]);
  return rows;
}
