// Makes shown.mjs and what it needs of Grafana one file that Node runs: node bundle.mjs OUT.mjs. Grafana's packages are
// made for a bundler: as they lie, Node does not find their ways into each other.
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const nothing = fileURLToPath(new URL("nothing.cjs", import.meta.url));

await build({
  entryPoints: [fileURLToPath(new URL("shown.mjs", import.meta.url))],
  outfile: process.argv[2],
  bundle: true,
  platform: "node",
  format: "esm",
  logLevel: "error",
  alias: { "@grafana/runtime": nothing, "react-use": nothing },
  // Parts that are loaded with it listen to the browser's storage and ask for its language.
  banner: {
    js: [
      "globalThis.window = { addEventListener() {} };",
      'globalThis.navigator ??= { language: "en", languages: ["en"] };',
    ].join("\n"),
  },
});
