// Why nothing is suggested for an entity: asked for when somebody opens it.

import { element } from "./card.js";

// Reasons that lie in what an entity is; the others lie in what people do with it, and are told one by one.
const BY_NATURE = {
  cannot_be_set: "sensors, which nobody can set",
  entity_not_behaviour: "software, batteries, links and weather",
  free_text_entity: "free text",
  heartbeat: "reports at regular gaps",
  never_changes: "never changed",
  numeric_entity: "measurements, which nobody sets",
  only_follows_others: "only follow other devices",
  sets_off_a_routine: "set off a routine that is shown",
};

/** The list's items: first what people do, then one line for each sort of what nobody does. */
export function whyItems(whys) {
  const told = whys.filter((why) => !(why.reason in BY_NATURE)).map((why) => element("li", why.sentence));
  const sorts = new Map();
  for (const why of whys.filter(({ reason }) => reason in BY_NATURE)) {
    sorts.set(why.reason, [...(sorts.get(why.reason) ?? []), why]);
  }
  const natures = [...sorts].sort(([a], [b]) => a.localeCompare(b)).map(([reason, of]) => {
    const item = element("li", `${of.length} left out (${BY_NATURE[reason]}): ${of.map((why) => why.entity_id).join(", ")}`);
    item.className = "quiet";
    return item;
  });
  return [...told, ...natures];
}
