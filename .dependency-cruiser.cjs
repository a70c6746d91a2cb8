/**
 * The arrows of import: pure core <- ports <- adapters <- Nest shells <- apps (ARCHITECTURE.md has the table).
 * `may` names, for each library, the only @rightsize libraries its sources import.
 */
const may = {
  'optimizer-core': [],
  'ollama-model': ['optimizer-core'],
  'event-store': [],
  'event-store-sqlite': ['event-store'],
  ollama: ['optimizer-core'],
  traffic: ['ollama'],
  configuration: [],
  optimizer: ['optimizer-core', 'event-store', 'event-store-sqlite', 'ollama', 'ollama-model'],
  nest: ['optimizer', 'optimizer-core', 'ollama'],
  telemetry: ['optimizer-core'],
  'optimizer-admin': ['optimizer', 'optimizer-core', 'event-store'],
};

const layers = Object.entries(may).map(([library, allowed]) => ({
  name: `layer-${library}`,
  comment: `libs/${library} may import ${allowed.length ? allowed.join(', ') : 'no other library'} only`,
  severity: 'error',
  from: { path: `^libs/${library}/src/` },
  to: { path: '^(libs|apps|test)/', pathNot: `^libs/(${[library, ...allowed].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...layers,
    {
      name: 'pure',
      comment: 'the core and the ports import nothing from outside, not even node: they are values and functions',
      severity: 'error',
      from: { path: '^libs/(optimizer-core|ollama-model|event-store)/src/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-peer', 'npm-no-pkg', 'npm-unknown', 'core'] },
    },
    {
      name: 'wire-is-plain',
      comment: 'libs/ollama knows streams and bytes, no framework; zstd is not in Node 20',
      severity: 'error',
      from: { path: '^libs/ollama/src/' },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-peer', 'npm-no-pkg', 'npm-unknown'],
        pathNot: '(^|/)node_modules/fzstd/',
      },
    },
    {
      name: 'through-the-index',
      comment: 'a library is entered through its index only',
      severity: 'error',
      from: { path: '^(libs/([^/]+)|apps/[^/]+|test|ormconfig)' },
      to: { path: '^libs/[^/]+/src/', pathNot: ['^libs/[^/]+/src/index\\.ts$', '^libs/$2/'] },
    },
    {
      name: 'apps-stand-alone',
      comment: 'no library, and no other application, imports an application',
      severity: 'error',
      from: { path: '^(libs|apps/([^/]+))/' },
      to: { path: '^apps/', pathNot: '^apps/$2/' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-dev-dependency-in-source',
      severity: 'error',
      from: { path: '^(libs|apps)/[^/]+/src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    exclude: { path: '(^|/)dist/' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
