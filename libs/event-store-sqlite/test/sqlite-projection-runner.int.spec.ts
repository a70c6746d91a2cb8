import { projectionRunnerContract } from '../../event-store/test/projection-runner.contract.js';
import { ScratchFolder } from './scratch-folder.js';

let folder: ScratchFolder;
beforeAll(() => {
  folder = new ScratchFolder();
});
afterAll(() => folder.clean());

describe('a runner on SQLite', () => {
  projectionRunnerContract(() => folder.open());
});
