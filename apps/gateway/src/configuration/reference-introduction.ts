/** What stands above the tables of docs/configuration.md. */
export const REFERENCE_INTRODUCTION = `# Configuration

<!-- Made by \`npm run docs:configuration\` out of apps/gateway/src/configuration/keys.ts: change it there. -->

Settings are read from four places; each goes before those above it:

1. the defaults below,
2. a file in YAML: \`--config FILE\`, else \`RIGHTSIZE_CONFIG\`, else \`rightsize.yaml\` in the working folder when it is there,
3. the environment, \`RIGHTSIZE_*\`,
4. the command line,
5. what was changed at run time through the admin API, until the process ends.

Unknown settings and bad values are refused at start, each with its line and the nearest name there is.
\`rightsize-gateway --check\` only says whether a configuration can be used (exit code 0 or 1).

A running gateway reads the file again on SIGHUP and when it changes on disk. Settings marked \`yes\` under "reload" then take
effect together; of the others the log says that they take a restart. A file with a mistake changes nothing: the old values
stay in force, and log and health say so.

Some settings can be set apart for models and clients whose names fit a glob (\`*\` stands for any run of characters). The first
that fits counts, \`clients\` before \`models\`, and both before the general value, wherever that comes from:

\`\`\`yaml
mode: active
memory-gib: 24
models:
  'llama3*':
    memory-gib: 12
  'experimental-*':
    mode: shadow
clients:
  editor:
    client-window: exact
\`\`\`

Numbers of the policy that are set (policy.*) go before learnt ones, whichever policy is active.

A secret can be given by the environment or, better, by a file that holds it; never on the command line.
`;
