import * as fc from 'fast-check';
import {
  createFingerprinter,
  createTemplateDetector,
  type Fingerprint,
  type TemplateDetectedV1,
} from '../src/index.js';
import { prose } from './given.js';

const fingerprinter = createFingerprinter('secret');
const MODEL = 'm:latest';

/** A prompt of a template: its opening, then text of its own. */
function instance(template: number, own: number, opening = 80): readonly Fingerprint[] {
  const text = `${prose(opening, template)} ${prose(200, 1000 + own)}`;
  return fingerprinter.fingerprint([{ role: 'prompt', text }]);
}

function detections(stream: readonly (readonly [template: number, own: number])[]) {
  const detector = createTemplateDetector();
  return stream.map(([template, own], index) => detector.detect(MODEL, instance(template, own), index));
}

describe('the template detector', () => {
  it('knows no template at first sight, announces it at second sight and recognises it from then on', () => {
    const [first, second, third] = detections([
      [1, 1],
      [1, 2],
      [1, 3],
    ]);
    expect(first).toMatchObject({ templateId: null, matched: false, detected: null });
    const id = first!.clusterId!;
    expect(second).toMatchObject({ templateId: id, clusterId: id, matched: true });
    expect(second!.detected).toEqual({ templateId: id, model: MODEL, fingerprints: instance(1, 1), atMs: 1 });
    expect(third).toEqual({ templateId: id, clusterId: id, matched: true, detected: null });
  });

  it('keeps prompts with other openings apart', () => {
    const [one, , other] = detections([
      [1, 1],
      [1, 2],
      [2, 3],
    ]);
    expect(other).toMatchObject({ templateId: null, matched: false });
    expect(other!.clusterId).not.toBe(one!.clusterId);
  });

  it('recognises a long static text whose early words vary, by what is equal further down', () => {
    const detector = createTemplateDetector();
    const long = (clock: string) =>
      fingerprinter.fingerprint([{ role: 'system', text: `It is ${clock} here. ${prose(1100, 7)}` }]);
    detector.detect(MODEL, long('ten past nine'), 0);
    expect(detector.detect(MODEL, long('noon'), 1).matched).toBe(true);
  });

  it('does not mix models', () => {
    const detector = createTemplateDetector();
    const ours = detector.detect(MODEL, instance(1, 1), 0);
    const theirs = detector.detect('other:latest', instance(1, 2), 1);
    expect(theirs.matched).toBe(false);
    expect(theirs.clusterId).not.toBe(ours.clusterId);
  });

  it('leaves alone what is too short for a fingerprint, or carries one it does not understand', () => {
    const detector = createTemplateDetector();
    const alone = { templateId: null, clusterId: null, matched: false, detected: null };
    expect(detector.detect(MODEL, [], 0)).toEqual(alone);
    expect(detector.detect(MODEL, [{ tokens: 64, hash: 'no hash' }], 0)).toEqual(alone);
    expect(detector.detect(MODEL, [{ tokens: 77, hash: '0123456789abcdef' }], 0)).toEqual(alone);
  });

  it('takes up templates that were known before, under the same ids', () => {
    const [, second] = detections([
      [1, 1],
      [1, 2],
    ]);
    const known = second!.detected as TemplateDetectedV1;
    const restarted = createTemplateDetector();
    restarted.restore([known, known]);
    expect(restarted.detect(MODEL, instance(1, 9), 5)).toEqual({
      templateId: known.templateId,
      clusterId: known.templateId,
      matched: true,
      detected: null,
    });
  });

  it('takes up a template again that it had to forget', () => {
    const [, one, , other] = detections([
      [1, 1],
      [1, 2],
      [2, 1],
      [2, 2],
    ]);
    const detector = createTemplateDetector({ templatesPerModel: 1 });
    detector.restore([one!.detected!, other!.detected!, one!.detected!]);
    expect(detector.detect(MODEL, instance(1, 3), 0).matched).toBe(true);
    expect(detector.detect(MODEL, instance(2, 3), 0).matched).toBe(false);
  });

  it('gives the same prompts in the same order the same ids', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4), fc.nat(9)), { maxLength: 20 }), (stream) => {
        expect(detections(stream)).toEqual(detections(stream));
      }),
      { numRuns: 20 },
    );
  });

  it('announces each template once', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4), fc.nat(9)), { maxLength: 30 }), (stream) => {
        const announced = detections(stream).flatMap(({ detected }) => (detected ? [detected.templateId] : []));
        expect(new Set(announced).size).toBe(announced.length);
      }),
      { numRuns: 20 },
    );
  });

  it('forgets the single prompts and the templates that were unused for longest', () => {
    const detector = createTemplateDetector({ singlesPerModel: 2, templatesPerModel: 2 });
    const see = (template: number) => detector.detect(MODEL, instance(template, 1), 0);
    for (const template of [1, 2, 3]) see(template);
    expect(see(1).matched).toBe(false);
    for (const template of [1, 3, 1, 2, 2]) see(template);
    // 1, 3 and 2 became templates in this order and 1 was used since: 3 had to go.
    expect(see(1).detected).toBeNull();
    expect(see(3).matched).toBe(false);
    expect(see(2)).toMatchObject({ matched: true, detected: null });
  });

  it('forgets the models that were unused for longest', () => {
    const detector = createTemplateDetector({ models: 2 });
    for (const model of ['a', 'b', 'c']) detector.detect(model, instance(1, 1), 0);
    expect(detector.detect('a', instance(1, 1), 1).matched).toBe(false);
    expect(detector.detect('c', instance(1, 1), 1).matched).toBe(true);
  });

  it('refounds an evicted template under its old id, so that its statistics are found again', () => {
    const detector = createTemplateDetector({ singlesPerModel: 1, templatesPerModel: 1 });
    const ids = [1, 1, 2, 2, 1].map((template) => detector.detect(MODEL, instance(template, 1), 0));
    expect(ids[4]).toMatchObject({ matched: false, clusterId: ids[0]!.clusterId });
  });
});
