// Reads a list of dashboards from standard input; says of each, as a list of {where, said}, what TypeScript has against
// it by Grafana's own types: the dashboard, each panel's options and fields by its kind, each override, each query.
// Source of the types: https://github.com/grafana/grafana/tree/v12.1.0/packages/grafana-schema
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import ts from "typescript";

const FILE = fileURLToPath(new URL("board.ts", import.meta.url));
const RAW = "@grafana/schema/dist/esm/raw/composable";
const OF_KIND = {
  bargauge: ["bargauge", "BarGauge"],
  stat: ["stat", "Stat"],
  "state-timeline": ["statetimeline", "StateTimeline"],
  table: ["table", "Table"],
  timeseries: ["timeseries", "TimeSeries"],
};

// Enums are written in JSON as their values, so the types are read with the values in place of the enums.
const HEAD = [
  'import type { Dashboard, FieldConfig, FieldConfigSource, Panel, RowPanel } from "@grafana/schema";',
  'import type { Prometheus } from "@grafana/prometheus/dist/types/dataquery";',
  ...Object.values(OF_KIND).map(
    ([folder, name]) => `import type * as ${name} from "${RAW}/${folder}/panelcfg/x/${name}PanelCfg_types.gen";`,
  ),
  "type Plain<T> = T extends string ? `${T}`" +
    " : T extends number ? (`${T}` extends `${infer N extends number}` ? N : T)" +
    " : T extends (infer U)[] ? Plain<U>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;",
  "type Fields<F> = Omit<FieldConfigSource, 'defaults'> & { defaults: Omit<FieldConfig, 'custom'> & { custom?: F } };",
  "type Of<O, F> = Plain<Omit<Panel, 'options' | 'fieldConfig' | 'targets'>" +
    " & { options: O; fieldConfig: Fields<F>; targets: Prometheus[] }>;",
  "type Row = Plain<RowPanel>;",
  "type Whole = Plain<Omit<Dashboard, 'panels'>>;",
  "type Common = Plain<Omit<FieldConfig, 'custom'>>;",
];

/** TypeScript's lines for a dashboard, each with what it is about. */
function* lines(board) {
  const { panels, ...rest } = board;
  yield ["the dashboard", "Whole", rest];
  for (const panel of panels) {
    if (panel.type === "row") {
      yield [panel.title, "Row", panel];
      continue;
    }
    const [, name] = OF_KIND[panel.type] ?? [];
    if (name === undefined) throw new Error(`no types are known for a panel of the kind ${panel.type}: ${panel.title}`);
    // Two kinds have no fields of their own.
    const custom = ["Stat", "BarGauge"].includes(name) ? "Record<string, never>" : `${name}.FieldConfig`;
    yield [panel.title, `Of<${name}.Options, ${custom}>`, panel];
    for (const { properties } of panel.fieldConfig.overrides) {
      for (const { id, value } of properties) {
        const own = id.startsWith("custom.");
        const type = own ? `Plain<${custom}>["${id.slice("custom.".length)}"]` : `Common["${id}"]`;
        yield [`${panel.title}: ${id}`, type, value];
      }
    }
  }
}

const boards = JSON.parse(readFileSync(0, "utf8"));
const told = boards.flatMap((board, of) =>
  Array.from(lines(board), ([where, type, value]) => ({ of, where, type, value })),
);
const claims = told.map(({ type, value }, at) => `export const c${at}: ${type} = ${JSON.stringify(value)};`);
const text = [...HEAD, ...claims].join("\n");
const options = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  lib: ["lib.es2022.d.ts"],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Node10,
};
const host = ts.createCompilerHost(options);
const { getSourceFile, fileExists } = host;
host.fileExists = (name) => name === FILE || fileExists(name);
host.getSourceFile = (name, version, ...more) =>
  name === FILE ? ts.createSourceFile(name, text, version) : getSourceFile(name, version, ...more);

const found = boards.map(() => []);
for (const { file, start, messageText } of ts.getPreEmitDiagnostics(ts.createProgram([FILE], options, host))) {
  const said = ts.flattenDiagnosticMessageText(messageText, "\n");
  const line = file?.fileName === FILE ? file.getLineAndCharacterOfPosition(start).line - HEAD.length : -1;
  if (line < 0) throw new Error(`the types themselves: ${said}`);
  found[told[line].of].push({ where: told[line].where, said });
}
process.stdout.write(JSON.stringify(found));
