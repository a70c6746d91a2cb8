/**
 * One configuration; `tools/test.mjs` picks unit (`.spec`), database (`.int.spec`) and end-to-end
 * (`.e2e-spec`) tests by file name. ESM, so it runs under `node --experimental-vm-modules` (npm run jest).
 */
export default {
  testEnvironment: 'node',
  // A test that hangs is to fail; one that shares its processors with others is not.
  testTimeout: 30_000,
  roots: ['<rootDir>/libs', '<rootDir>/apps', '<rootDir>/test'],
  testRegex: ['\\.(spec|int\\.spec|e2e-spec)\\.ts$'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^@rightsize/([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};
