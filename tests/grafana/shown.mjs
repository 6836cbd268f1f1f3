// Reads {board, answers} from standard input, where answers[panel id][refId] is Prometheus' answer to a query. Runs
// each panel's queries, transformations, fields and overrides through Grafana's own code and writes {complaints,
// panels}: what is wrong, and what a panel shows. Nothing is drawn: the names and texts of the picture are told.
import { readFileSync } from "node:fs";

import {
  applyFieldOverrides,
  createTheme,
  FieldConfigOptionsRegistry,
  fieldColorModeRegistry,
  fieldMatchers,
  fieldReducers,
  formattedValueToString,
  getFieldDisplayName,
  getFieldDisplayValues,
  getValueFormats,
  identityOverrideProcessor,
  standardTransformers,
  standardTransformersRegistry,
  toDataFrame,
  transformDataFrame,
} from "@grafana/data";
import { parser } from "@prometheus-io/lezer-promql";
import { firstValueFrom } from "rxjs";

// The package names neither of the two, so they are taken by their files.
import { placeHolderScopedVars, validateQuery } from
  "./node_modules/@grafana/prometheus/dist/esm/components/monaco-query-field/monaco-completion-provider/validation.mjs";
import { transformV2 } from "./node_modules/@grafana/prometheus/dist/esm/result_transformer.mjs";

const UNITS = new Set(getValueFormats().flatMap((group) => group.submenu.map((unit) => unit.value)));
const THEME = createTheme();
// Grafana's own list of these is a part of its pages, not of its packages.
const STANDARD = "color decimals displayName mappings max min noValue thresholds unit".split(" ");
const complaints = [];

// Two of its names, an old and a new one, are of one transformation.
standardTransformersRegistry.setInit(() =>
  [...new Map(Object.values(standardTransformers).map((each) => [each.id, each])).values()].map((transformation) => ({
    id: transformation.id,
    name: transformation.name,
    transformation,
    editor: null,
  })),
);

/** What Grafana's server makes of an answer: one frame a series, with the legend filled in; else an empty one. */
function frames({ resultType, result }, { refId, legendFormat, expr }) {
  if (result.length === 0) return [toDataFrame({ refId, fields: [] })];
  return result.map(({ metric, value, values }) => {
    const labels = { ...metric };
    const points = values ?? [value];
    const legend =
      legendFormat === "__auto"
        ? Object.keys(labels).length > 0 ? "" : expr
        : legendFormat.replace(/\{\{\s*([^}]*?)\s*\}\}/g, (_, label) => labels[label] ?? "");
    return toDataFrame({
      refId,
      name: legend,
      meta: { custom: { resultType } },
      fields: [
        { name: "Time", type: "time", config: {}, values: points.map(([seconds]) => seconds * 1000) },
        {
          name: labels.__name__ ?? "Value",
          type: "number",
          labels,
          config: legend ? { displayNameFromDS: legend } : {},
          values: points.map(([, sample]) => Number(sample)),
        },
      ],
    });
  });
}

function registryOf(panel) {
  const ids = new Set(panel.fieldConfig.overrides.flatMap(({ properties }) => properties.map(({ id }) => id)));
  for (const key of Object.keys(panel.fieldConfig.defaults.custom ?? {})) ids.add(`custom.${key}`);
  return new FieldConfigOptionsRegistry(() =>
    [...new Set([...STANDARD, ...ids])].map((id) => ({
      id,
      path: id.replace(/^custom\./, ""),
      isCustom: id.startsWith("custom."),
      name: id,
      editor: null,
      override: null,
      process: identityOverrideProcessor,
      shouldApply: () => true,
    })),
  );
}

/** What Grafana does not say aloud: it leaves out, or takes the default for, an id that it does not know. */
function known(panel) {
  const say = (what) => complaints.push({ where: panel.title, said: what });
  const { defaults, overrides } = panel.fieldConfig;
  if (!UNITS.has(defaults.unit)) say(`no unit ${defaults.unit}`);
  if (!fieldColorModeRegistry.getIfExists(defaults.color.mode)) say(`no color mode ${defaults.color.mode}`);
  const { reduceOptions, legend, footer } = panel.options;
  for (const calc of [reduceOptions?.calcs, legend?.calcs, footer?.reducer].flat()) {
    if (calc !== undefined && !fieldReducers.getIfExists(calc)) say(`no calculation ${calc}`);
  }
  for (const { matcher } of overrides) if (!fieldMatchers.getIfExists(matcher.id)) say(`no matcher ${matcher.id}`);
  for (const { id } of panel.transformations ?? []) {
    if (!standardTransformersRegistry.getIfExists(id)) say(`no transformation ${id}`);
  }
  for (const { expr } of panel.targets) {
    const filled = Object.entries(placeHolderScopedVars).reduce(
      (text, [name, { text: value }]) => text.replace(new RegExp(`\\$${name}\\b`, "g"), value),
      expr,
    );
    const { errors, warnings } = validateQuery(filled, filled, filled.split("\n"), parser);
    for (const { issue, startColumn } of [...errors, ...warnings]) say(`PromQL, column ${startColumn}: ${issue}`);
  }
}

async function shown(panel, answers) {
  const asked = panel.targets.flatMap((target) => frames(answers[target.refId], target));
  const { data } = transformV2({ data: asked }, { targets: panel.targets, app: "dashboard" }, {});
  const joined = await firstValueFrom(transformDataFrame(panel.transformations ?? [], data));
  for (const { matcher } of panel.fieldConfig.overrides) {
    const matches = fieldMatchers.get(matcher.id).get(matcher.options);
    if (!joined.some((frame) => frame.fields.some((field) => matches(field, frame, joined)))) {
      complaints.push({ where: panel.title, said: `nothing has the name ${matcher.options}` });
    }
  }
  const replaceVariables = (text) => text;
  const fieldConfigRegistry = registryOf(panel);
  const drawn = { fieldConfig: panel.fieldConfig, replaceVariables, theme: THEME, timeZone: "utc" };
  const fields = applyFieldOverrides({ ...drawn, data: joined, fieldConfigRegistry });
  const text = (field, value) => formattedValueToString(field.display(value));
  if (panel.options.reduceOptions) {
    const values = getFieldDisplayValues({ ...drawn, data: fields, reduceOptions: panel.options.reduceOptions });
    return values.map(({ display }) => [display.title, formattedValueToString(display)]);
  }
  if (panel.type === "table") {
    return fields.map((frame) => ({
      columns: frame.fields.map((field) => getFieldDisplayName(field, frame, fields)),
      rows: Array.from({ length: frame.length }, (_, at) => frame.fields.map((field) => text(field, field.values[at]))),
    }));
  }
  return fields.flatMap((frame) =>
    frame.fields
      .filter((field) => field.type === "number")
      .map((field) => [getFieldDisplayName(field, frame, fields), text(field, field.values.at(-1)), field.config]),
  );
}

const { board, answers } = JSON.parse(readFileSync(0, "utf8"));
const panels = {};
for (const panel of board.panels.filter(({ type }) => type !== "row")) {
  known(panel);
  if (answers) panels[panel.title] = await shown(panel, answers[panel.id]);
}
process.stdout.write(JSON.stringify({ complaints, panels }));
